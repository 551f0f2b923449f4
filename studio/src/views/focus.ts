import { useEffect } from "preact/hooks";

/** The focus goes along when another sound is chosen by keys, but is never taken from elsewhere. */
export function useFollowFocus(button: { current: HTMLElement | null }, isChosen: boolean, kind: string): void {
  useEffect(() => {
    const focused = document.activeElement;
    if (isChosen && focused !== button.current && focused?.classList.contains(kind)) button.current?.focus();
  }, [isChosen]);
}
