// A client of the service. It stands alone, so that other pages may import it.

const POLL_MILLISECONDS = 300;
const MOST_WAITS = 20;

export class ServiceProblem extends Error {
  constructor(problem) {
    super(problem.message);
    this.kind = problem.kind;
    this.status = problem.status;
  }
}

export class Client {
  // base: where the service is, such as "https://verify.example"; key: if it asks for one.
  constructor(base = "", key = "") {
    this.base = base;
    this.key = key;
  }

  about() {
    return this.#json("/v1/about");
  }

  // Posts a File, a Blob or a URL; resolves to the finished analysis.
  // changed: called with the analysis as it goes on. Rejects with a ServiceProblem.
  async analyse(photo, changed = () => {}) {
    let analysis = await this.#post(photo);
    while (analysis.state === "queued" || analysis.state === "running") {
      changed(analysis);
      await pause(POLL_MILLISECONDS);
      analysis = await this.#json(`/v1/analyses/${analysis.id}`);
    }
    changed(analysis);
    if (analysis.problem) throw new ServiceProblem(analysis.problem);
    return analysis;
  }

  // What belongs to an analysis: "report?format=html", "picture", "maps/manipulation".
  async blob(analysis, what) {
    return (await this.#ask(`/v1/analyses/${analysis.id}/${what}`)).blob();
  }

  forget(analysis) {
    return this.#ask(`/v1/analyses/${analysis.id}`, { method: "DELETE", keepalive: true });
  }

  async #post(photo) {
    const body = new FormData();
    if (typeof photo === "string") body.append("url", photo);
    else body.append("file", photo, photo.name || "photo");
    return (await this.#ask("/v1/analyses?async=true", { method: "POST", body })).json();
  }

  async #json(path) {
    return (await this.#ask(path)).json();
  }

  // Asks again, as the server says, while it is busy.
  async #ask(path, options = {}) {
    const headers = this.key ? { Authorization: `Bearer ${this.key}` } : {};
    for (let waits = 0; ; waits += 1) {
      const answer = await fetch(this.base + path, { ...options, headers });
      if (answer.ok) return answer;
      const busy = answer.status === 503 || answer.status === 429;
      const seconds = Number(answer.headers.get("Retry-After"));
      if (!busy || !seconds || waits >= MOST_WAITS) throw new ServiceProblem(await problemOf(answer));
      await pause(1000 * seconds);
    }
  }
}

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return { kind: "Unknown", message: answer.statusText, status: answer.status };
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
