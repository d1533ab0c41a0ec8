// A chart of one figure over the last minutes. What it shows stands beside it as text, too; the
// newest value is taken from the element with `data-chart="<id of the chart>"` each time that the
// part of the page with it is renewed.

import UPlot from "uplot";

/** Samples that are shown at most. */
const KEPT = 300;
const HEIGHT = 132;
/** In seconds: what a chart is wide at least. */
const SHORTEST = 120;
/** In seconds: what may lie between two times on the axis. */
const MINUTES = [60, 120, 300, 600, 1800, 3600];

class RateChart extends HTMLElement {
  #times: number[] = [];
  #values: number[] = [];
  #chart: UPlot | undefined;
  #sizes: ResizeObserver | undefined;

  connectedCallback(): void {
    this.#times = numbers(this.dataset["times"]);
    this.#values = numbers(this.dataset["values"]);
    document.addEventListener("part-renewed", this.#onNews);
    this.#draw();
    this.#sizes = new ResizeObserver(() => this.#chart?.setSize({ width: this.clientWidth, height: HEIGHT }));
    this.#sizes.observe(this);
  }

  disconnectedCallback(): void {
    document.removeEventListener("part-renewed", this.#onNews);
    this.#sizes?.disconnect();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  readonly #onNews = (): void => {
    const newest = document.querySelector<HTMLElement>(`[data-chart="${this.id}"]`);
    const at = Number(newest?.dataset["at"]);
    const value = Number(newest?.dataset["value"]);
    const last = this.#times.at(-1) ?? 0;
    if (!(at > last) || Number.isNaN(value)) return;
    this.#times = [...this.#times, at].slice(-KEPT);
    this.#values = [...this.#values, value].slice(-KEPT);
    this.#chart?.setData([this.#times, this.#values]);
  };

  #draw(): void {
    const styles = () => getComputedStyle(document.documentElement);
    const colour = (name: string) => () => styles().getPropertyValue(name).trim();
    const axis = { stroke: colour("--r-quiet"), grid: { stroke: colour("--r-line"), width: 1 }, ticks: { show: false } };
    this.#chart = new UPlot(
      {
        width: Math.max(this.clientWidth, 1),
        height: HEIGHT,
        cursor: { y: false, points: { show: false } },
        scales: { x: { range: (_, lowest, highest) => [Math.min(lowest, highest - SHORTEST), highest] }, y: { range: (_, __, highest) => [0, Math.max(1, highest * 1.15)] } },
        padding: [8, 8, 0, 0],
        axes: [{ ...axis, space: 60, incrs: MINUTES, values: (_, times) => times.map(timeOfDay) }, { ...axis, size: 48, space: 34 }],
        series: [{}, { stroke: colour("--r-strong"), fill: colour("--r-chart"), width: 2, points: { show: false } }],
      },
      [this.#times, this.#values],
      this,
    );
    for (const query of ["(prefers-color-scheme: dark)"]) {
      window.matchMedia(query).addEventListener("change", () => this.#chart?.redraw());
    }
  }
}

/** UTC, as everywhere on the pages. */
function timeOfDay(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(11, 16);
}

function numbers(text: string | undefined): number[] {
  return (text ?? "").split(" ").filter(Boolean).map(Number);
}

customElements.define("rate-chart", RateChart);
