// What the pages ask the server: every path of contract.ts, typed. Refusals come out as `Refused` with the server's own words.
import type { AlertList, AlertPage, Both, CasePage, Facets, Me, Problem, RulePage, RuleRow, Session, Wall } from "./contract";

export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    readonly retryAfter: number | null,
  ) {
    super(problem?.error ?? `HTTP ${status}`);
  }

  get words(): Both | null {
    return this.problem?.message ?? null;
  }
}

/** The server could not be reached at all. */
export class Unreachable extends Error {}

let csrf = "";
let unauthenticated: () => void = () => undefined;

export function useToken(token: string): void {
  csrf = token;
}

export function onUnauthenticated(action: () => void): void {
  unauthenticated = action;
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept", "application/json");
  if (init.method && init.method !== "GET") headers.set("X-CSRF-Token", csrf);
  if (init.body) headers.set("Content-Type", "application/json");
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers, credentials: "same-origin" });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(String(error));
  }
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => null)) as Problem | null;
  const wait = Number(answer.headers.get("Retry-After"));
  if (answer.status === 401 && path !== "/api/login") unauthenticated();
  throw new Refused(answer.status, problem?.message ? problem : null, wait > 0 ? wait : null);
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await ask(path, { signal })).json() as Promise<T>;
}

function send(method: string, path: string, body?: unknown): Promise<Response> {
  return ask(path, { method, body: body === undefined ? undefined : JSON.stringify(body) });
}

const at = encodeURIComponent;

export const api = {
  login: async (username: string, password: string) => (await send("POST", "/api/login", { username, password })).json() as Promise<Me>,
  logout: () => send("POST", "/api/logout"),
  me: () => get<Me>("/api/me"),
  password: (current: string, wanted: string) => send("POST", "/api/password", { current, wanted }),
  sessions: () => get<Session[]>("/api/sessions"),
  endSession: (id: string) => send("DELETE", `/api/sessions/${at(id)}`),
  wall: (clock: string, place: string, signal?: AbortSignal) => get<Wall>(`/api/wall?${query({ clock, place })}`, signal),
  alert: (id: string, signal?: AbortSignal) => get<AlertPage>(`/api/alerts/${at(id)}`, signal),
  alerts: (params: Record<string, string>, signal?: AbortSignal) => get<AlertList>(`/api/alerts?${query(params)}`, signal),
  csv: (params: Record<string, string>) => `/api/alerts.csv?${query(params)}`,
  facets: (clock: string) => get<Facets>(`/api/facets?${query({ clock })}`),
  case: (source: string, id: string, signal?: AbortSignal) => get<CasePage>(`/api/cases/${at(source)}/${at(id)}`, signal),
  rules: () => get<RuleRow[]>("/api/rules"),
  rule: (id: string, signal?: AbortSignal) => get<RulePage>(`/api/rules/${at(id)}`, signal),
};

/** Parameters that say something; empty ones are left out. */
export function query(params: Record<string, string>): string {
  return new URLSearchParams(Object.entries(params).filter(([, value]) => value !== "")).toString();
}
