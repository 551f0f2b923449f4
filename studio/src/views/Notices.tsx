import { dismiss, notices, said } from "../state/notices";
import { Icon } from "./Icon";

/** Toasts, and two live regions: what went wrong is said at once, the rest when there is a pause. */
export function Notices() {
  const bad = notices.value.filter((notice) => notice.tone === "bad").at(-1);
  const plain = notices.value.filter((notice) => notice.tone === "plain").at(-1);
  return (
    <>
      <div class="unseen" role="status" aria-live="polite">
        {said.value}
      </div>
      <div class="unseen" role="status" aria-live="polite">
        {plain?.text}
      </div>
      <div class="unseen" role="alert">
        {bad?.text}
      </div>
      <section class="toasts" aria-label="Messages">
        {notices.value.map((notice) => (
          <div key={notice.key} class={`toast ${notice.tone}`}>
            <span>{notice.text}</span>
            {notice.action && (
              <button
                class="link"
                onClick={() => {
                  dismiss(notice.key);
                  notice.action?.run();
                }}
              >
                {notice.action.label}
              </button>
            )}
            <button class="quiet icon-only" aria-label="Close the message" onClick={() => dismiss(notice.key)}>
              <Icon name="close" />
            </button>
          </div>
        ))}
      </section>
    </>
  );
}
