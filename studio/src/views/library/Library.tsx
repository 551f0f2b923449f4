import { Bulk } from "./Bulk";
import { Filters } from "./Filters";
import { Inspector } from "./Inspector";
import { Listing } from "./Listing";

export function Library() {
  return (
    <div class="library">
      <main id="main" tabIndex={-1}>
        <h1 class="unseen">Library</h1>
        <Filters />
        <Bulk />
        <Listing />
      </main>
      <Inspector />
    </div>
  );
}
