// The socket to the server: requests with answers, notifications, and a new connection when one is lost.

const PATIENCE = 20_000;

/** What the server answers to a request that it refuses. */
export class Refusal extends Error {
  constructor({ message, kind = "failed", data }) {
    super(message);
    this.kind = kind;
    this.data = data;
  }
}

export class Connection {
  /**
   * @param {(method: string, params: any) => void} onNotice
   * @param {(state: "open" | "lost") => void} onState
   */
  constructor(onNotice, onState) {
    this.onNotice = onNotice;
    this.onState = onState;
    this.waiting = new Map();
    this.number = 0;
    this.delay = 250;
    this.connect();
  }

  connect() {
    const socket = new WebSocket(new URL("socket", location.href.replace(/^http/, "ws").replace(/[?#].*/, "")));
    this.socket = socket;
    socket.onopen = () => {
      this.delay = 250;
      this.onState("open");
    };
    socket.onmessage = ({ data }) => this.receive(JSON.parse(data));
    socket.onclose = () => {
      for (const { reject } of this.waiting.values()) reject(new Refusal({ message: "the connection was lost" }));
      this.waiting.clear();
      this.onState("lost");
      setTimeout(() => this.connect(), this.delay);
      this.delay = Math.min(this.delay * 2, 4000);
    };
  }

  receive(message) {
    if (message.method) {
      this.onNotice(message.method, message.params);
      return;
    }
    const asked = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (!asked) return;
    clearTimeout(asked.timer);
    if (message.error) asked.reject(new Refusal(message.error));
    else asked.resolve(message.result);
  }

  /** The answer to a request; rejects with a Refusal. */
  ask(method, params = {}) {
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== WebSocket.OPEN) {
        reject(new Refusal({ message: "there is no connection" }));
        return;
      }
      const id = ++this.number;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Refusal({ message: "the server does not answer" }));
      }, PATIENCE);
      this.waiting.set(id, { resolve, reject, timer });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
