// Keeps the parts of a page up to date: by server-sent events, or by asking again and again where
// something between browser and node holds events back.
//
// <live-page stream="/cockpit/live/…" poll="/cockpit/poll/…"> lies on the page beside its parts,
// which are the elements `#live-<name>`.

import htmx from "htmx.org";

/** What a node tells: the parts that have changed, and how far that is. */
interface News {
  version: string;
  parts: Record<string, string>;
}

/** In milliseconds: after that long without an event something holds them back. */
const PATIENCE = 5_000;
/** In milliseconds: before a question is asked again that was not answered. */
const PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;

class LivePage extends HTMLElement {
  #stream: EventSource | undefined;
  #polling: AbortController | undefined;
  #patience = 0;
  #version = "";

  connectedCallback(): void {
    document.addEventListener("visibilitychange", this.#onVisibility);
    this.#begin();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#onVisibility);
    this.#end();
  }

  /** Nobody looks at a hidden page, and a node need not serve nobody. */
  readonly #onVisibility = (): void => {
    this.#end();
    if (!document.hidden) this.#begin();
  };

  #begin(): void {
    if (this.getAttribute("transport") === "poll") void this.#poll();
    else this.#listen();
  }

  #end(): void {
    window.clearTimeout(this.#patience);
    this.#stream?.close();
    this.#polling?.abort();
    this.#stream = this.#polling = undefined;
  }

  #listen(): void {
    const stream = new EventSource(this.getAttribute("stream") ?? "");
    this.#stream = stream;
    const wait = () => {
      window.clearTimeout(this.#patience);
      this.#patience = window.setTimeout(() => this.#giveUpEvents(), PATIENCE);
    };
    wait();
    stream.addEventListener("parts", (event: MessageEvent<string>) => {
      wait();
      this.#show(JSON.parse(event.data) as News);
    });
    stream.addEventListener("still", wait);
    stream.addEventListener("error", () => {
      this.#isBehind(true);
      wait();
      // The browser tries again by itself unless the node has refused.
      if (stream.readyState === EventSource.CLOSED) this.#listenLater();
    });
  }

  #listenLater(): void {
    this.#end();
    this.#patience = window.setTimeout(() => this.#listen(), PAUSE);
  }

  /** Neither news nor a sign of life: ask instead of listening. */
  #giveUpEvents(): void {
    this.#end();
    this.setAttribute("transport", "poll");
    this.#begin();
  }

  async #poll(): Promise<void> {
    const polling = new AbortController();
    this.#polling = polling;
    let pause = PAUSE;
    while (!polling.signal.aborted) {
      try {
        const address = new URL(this.getAttribute("poll") ?? "", location.href);
        address.searchParams.set("since", this.#version);
        const answer = await fetch(address, { signal: polling.signal, redirect: "error" });
        if (!answer.ok) throw new Error(String(answer.status));
        this.#show((await answer.json()) as News);
        pause = PAUSE;
      } catch {
        if (polling.signal.aborted) return;
        this.#isBehind(true);
        await new Promise((resolve) => window.setTimeout(resolve, pause));
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      }
    }
  }

  #show(news: News): void {
    this.#version = news.version;
    this.#isBehind(false);
    for (const [name, html] of Object.entries(news.parts)) {
      const target = document.getElementById(`live-${name}`);
      if (target !== null) {
        void htmx
          .swap({ text: html, target, sourceElement: target, swap: "innerMorph" })
          .then(() => target.dispatchEvent(new CustomEvent("part-renewed", { bubbles: true })));
      }
    }
  }

  /** Says on the page that what it shows may be old. */
  #isBehind(isBehind: boolean): void {
    this.toggleAttribute("is-behind", isBehind);
  }
}

customElements.define("live-page", LivePage);
