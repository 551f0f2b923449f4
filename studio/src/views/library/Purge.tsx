import { doomed, purge } from "../../state/bin";
import { called } from "../../state/library";
import { attempt } from "../../state/notices";
import { Dialog } from "../Dialog";

/** Asks before sounds are deleted for good. */
export function Purge() {
  const ids = doomed.value;
  if (!ids) return null;
  const close = (): void => void (doomed.value = null);
  return (
    <Dialog title="Delete for good" onClose={close}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          close();
          attempt(() => purge(ids));
        }}
      >
        <p>
          {ids.length === 1
            ? `Delete “${called(ids)}” for good? Its file is removed from the disk, and nothing brings it back.`
            : `Delete ${called(ids)} for good? Their files are removed from the disk, and nothing brings them back.`}
        </p>
        <div class="line end">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button class="primary">Delete for good</button>
        </div>
      </form>
    </Dialog>
  );
}
