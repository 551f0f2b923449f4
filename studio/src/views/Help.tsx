import { bindings, help } from "../state/keys";
import { Dialog } from "./Dialog";

export function Help() {
  if (!help.value) return null;
  return (
    <Dialog title="Keys" onClose={() => (help.value = false)}>
      <div class="keys">
        {(["Listen", "Work", "Move"] as const).map((group) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {bindings
                .filter((binding) => binding.group === group && binding.shown)
                .map((binding) => (
                  <div key={binding.shown}>
                    <dt>
                      <kbd>{binding.shown}</kbd>
                    </dt>
                    <dd>{binding.label}</dd>
                  </div>
                ))}
              {group === "Work" && (
                <div>
                  <dt>
                    <kbd>Enter</kbd>
                  </dt>
                  <dd>In the prompt: generate now and play</dd>
                </div>
              )}
            </dl>
          </section>
        ))}
      </div>
      <p class="dim">Keys work outside of text fields. Esc leaves a field.</p>
    </Dialog>
  );
}
