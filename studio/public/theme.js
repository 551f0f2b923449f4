// Runs before the first paint, so that a chosen theme does not flash in the other one.
(function () {
  try {
    var theme = localStorage.getItem("soundctm.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (error) {
    // Storage is barred: the system's theme it is.
  }
})();
