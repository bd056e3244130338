// One WebSocket to a path of this server, opened again with growing pauses when it is lost.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
// Codes of our server that no retry can cure: not signed in, not found.
const FINAL_CODES = new Set([4401, 4403, 4404]);

export class LabSocket {
  /**
   * onOpen(), onLost() and onMessage(message) are called; a job message is also a `lab:job` event on document, and a
   * `lab:socket` event (detail: path, open) tells that this one has opened or was lost.
   */
  constructor(path, { onOpen, onLost, onMessage } = {}) {
    this.path = path;
    this.handlers = { onOpen, onLost, onMessage };
    this.pause = FIRST_PAUSE;
    this.closed = false;
    this.wake = this.wake.bind(this);
    window.addEventListener("online", this.wake);
    this.open();
  }

  open() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.socket = new WebSocket(`${scheme}//${location.host}${this.path}`);
    this.socket.addEventListener("open", () => {
      this.pause = FIRST_PAUSE;
      this.handlers.onOpen?.();
      this.tell(true);
    });
    this.socket.addEventListener("message", (event) => this.receive(event.data));
    this.socket.addEventListener("close", (event) => this.lost(event.code));
  }

  receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not ours
    }
    this.handlers.onMessage?.(message);
    if (message.type === "job") document.dispatchEvent(new CustomEvent("lab:job", { detail: message }));
  }

  tell(open) {
    document.dispatchEvent(new CustomEvent("lab:socket", { detail: { path: this.path, open } }));
  }

  lost(code) {
    if (this.closed) return;
    this.handlers.onLost?.(code);
    this.tell(false);
    if (FINAL_CODES.has(code)) {
      this.close();
      return;
    }
    // A random part keeps many browsers from knocking at the same moment after a restart.
    const wait = this.pause * (0.75 + Math.random() / 2);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.timer = setTimeout(() => this.open(), wait);
  }

  wake() {
    if (this.closed || this.socket.readyState <= WebSocket.OPEN) return;
    clearTimeout(this.timer);
    this.pause = FIRST_PAUSE;
    this.open();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    window.removeEventListener("online", this.wake);
    if (this.socket.readyState <= WebSocket.OPEN) this.socket.close();
  }
}
