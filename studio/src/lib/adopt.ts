/** Styles inside a shadow root without a <style> element; see plugins/wavesurfer_style.ts. */

const sheets = new Map<string, CSSStyleSheet>();

export function adoptStyle(root: Node): void {
  if (!(root instanceof ShadowRoot)) return;
  const text = root.querySelector<HTMLTemplateElement>("template[data-style]")?.content.textContent;
  if (!text) return;
  let sheet = sheets.get(text);
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    sheets.set(text, sheet);
  }
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
