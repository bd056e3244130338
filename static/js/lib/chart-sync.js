// Charts of one name move together. Only the chart the user is working in leads: the others follow and stay silent,
// because the library reports a range that was set from outside like any other.
const groups = new Map();

export class Group {
  constructor() {
    this.handles = new Set();
    this.leader = null;
  }

  static named(name) {
    if (!groups.has(name)) groups.set(name, new Group());
    return groups.get(name);
  }

  join(handle, onHover) {
    this.handles.add(handle);
    handle.follow = onHover;
    const lead = () => {
      this.leader = handle;
    };
    ["pointerenter", "pointerdown", "wheel", "touchstart", "focusin"].forEach((kind) => {
      handle.box.addEventListener(kind, lead, { passive: true });
    });
    handle.lead = lead;
    handle.chart.timeScale().subscribeVisibleTimeRangeChange((range) => this.move(handle, range));
    handle.chart.subscribeCrosshairMove((event) => this.hover(handle, event));
  }

  leave(handle) {
    this.handles.delete(handle);
    if (this.leader === handle) this.leader = null;
  }

  others(handle) {
    return [...this.handles].filter((other) => other !== handle && other.box.isConnected);
  }

  move(handle, range) {
    if (this.leader !== handle || !range) return;
    this.others(handle).forEach((other) => {
      other.choose({ whole: handle.whole });
      other.chart.timeScale().setVisibleRange(range);
    });
  }

  hover(handle, event) {
    if (this.leader !== handle) return;
    this.others(handle).forEach((other) => {
      const value = event.time === undefined ? null : other.valueAt(event.time);
      if (value === null || value === undefined) other.chart.clearCrosshairPosition();
      else other.chart.setCrosshairPosition(value, event.time, other.main);
      other.follow(event.time ?? null);
    });
  }
}
