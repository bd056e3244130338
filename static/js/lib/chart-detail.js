// Real bars where merged ones were drawn. A chart opens with everything, merged to what a screen can show; what comes
// into sight later is fetched again by its times and put into its place, and the old picture stays until it is there.
import { indexAt, withoutRepeats } from "./chart-data.js";
import { getJson } from "./csrf.js";
import { text } from "./texts.js";

const MOST_ROWS = 2000;
const WAIT_MS = 200;

function iso(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 19);
}

/** Where an edge of the picture, a row number with a fraction, lies among other rows of the same period. */
function moved(edge, before, after) {
  const last = before.length - 1;
  if (edge < 0) return edge;
  if (edge >= last) return after.length - 1 + edge - last;
  const row = Math.floor(edge);
  const time = before[row][0] + (edge - row) * (before[row + 1][0] - before[row][0]);
  const index = Math.min(Math.max(indexAt(after, time), 0), after.length - 2);
  return index + (time - after[index][0]) / (after[index + 1][0] - after[index][0]);
}

export class Detail {
  /**
   * data: the answer that was drawn first; url: where parts of it are asked for; onSettled: called after each move and
   * each answer. `failed` then says why finer candles could not be loaded, if so; look() tries again.
   */
  constructor(handle, { data, url, onSettled }) {
    this.handle = handle;
    this.base = withoutRepeats(data.bars);
    this.perRow = data.bars_per_row ?? 1;
    this.url = url;
    this.onSettled = onSettled;
    this.part = null;
    this.loading = false;
    this.movedOn = false;
    this.failed = "";
    handle.barsIn = (index) => this.barsIn(index);
    handle.chart.timeScale().subscribeVisibleLogicalRangeChange(() => this.soon());
  }

  stop() {
    clearTimeout(this.timer);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), WAIT_MS);
  }

  /** How many bars the candle of a row is made from. */
  barsIn(index) {
    const { part, base } = this;
    const time = this.handle.rows[index][0];
    const inPart = part && time >= base[part.first][0] && (part.after === base.length || time < base[part.after][0]);
    return inPart ? part.perRow : this.perRow;
  }

  /** The most bars that any candle in sight is made from. */
  merged() {
    const [first, last] = this.handle.inSight();
    return Math.max(this.barsIn(first), this.barsIn(last));
  }

  /** Fetches what is in sight if that gives finer candles than there are; one request at a time. */
  look() {
    if (!this.handle.box.isConnected) return;
    if (this.loading) {
      this.movedOn = true;
      return;
    }
    this.failed = "";
    const [first, last] = this.sight();
    const perRow = Math.ceil(((last - first + 1) * this.perRow) / MOST_ROWS);
    if (perRow >= this.perRow) this.draw(null);
    else if (!this.covers(first, last, perRow)) this.fetch(first, last, perRow);
    this.onSettled();
  }

  /** The first and the last row in sight, among those that were drawn first. */
  sight() {
    const { handle, base } = this;
    if (handle.whole) return [0, base.length - 1];
    const [first, last] = handle.inSight();
    const { from, to } = handle.wanted() ?? { from: handle.rows[first][0], to: handle.rows[last][0] };
    return [Math.max(indexAt(base, from), 0), Math.max(indexAt(base, to), 0)];
  }

  covers(first, last, perRow) {
    return this.part && this.part.first <= first && last < this.part.after && this.part.perRow <= perRow;
  }

  async fetch(first, last, perRow) {
    const { base } = this;
    const count = Math.floor((MOST_ROWS * perRow) / this.perRow);
    const start = Math.max(0, Math.min(Math.round((first + last + 1 - count) / 2), base.length - count));
    const after = Math.min(base.length, start + count);
    const url = new URL(this.url, window.location.href);
    url.searchParams.set("start", iso(base[start][0]));
    if (after < base.length) url.searchParams.set("end", iso(base[after][0] - 1));
    this.loading = true;
    try {
      const answer = await getJson(url);
      if (answer.bars.length && this.handle.box.isConnected) {
        this.draw({ first: start, after, perRow: answer.bars_per_row, bars: withoutRepeats(answer.bars) });
        this.onSettled();
      }
    } catch (error) {
      this.movedOn = false; // what is drawn stays, and says that it is merged; the next move asks again
      this.failed = `${text("closer-failed")} ${error.message}`;
      if (this.handle.box.isConnected) this.onSettled();
    } finally {
      this.loading = false;
    }
    if (!this.movedOn) return;
    this.movedOn = false;
    this.look();
  }

  draw(part) {
    if (part === this.part) return;
    const { handle, base } = this;
    const scale = handle.chart.timeScale();
    const edges = handle.range();
    const before = handle.rows;
    this.part = part;
    handle.setBars(part ? [...base.slice(0, part.first), ...part.bars, ...base.slice(part.after)] : base);
    if (handle.whole) scale.fitContent();
    else if (handle.wanted()) scale.setVisibleRange(handle.wanted());
    else if (edges) {
      handle.show({ from: moved(edges.from, before, handle.rows), to: moved(edges.to, before, handle.rows) });
    }
  }
}
