// What the dashboard's server and its pages say to each other: every path, every answer. `dashboards/api/` answers by these
// shapes (a test compares them with the server's OpenAPI document), the pages of `dashboards/web/src` read nothing else.
//
// Times are int64 milliseconds since 1970, UTC, on the clock of the source they belong to; `_wall` marks wall-clock times.
// Sentences come in both languages and are chosen in the browser. Absent values are null, never left out.
// Every path but /healthz, /readyz, POST /api/login and the page's own files needs the session cookie: 401 without.
// Whatever is no GET needs the header X-CSRF-Token with the token that /api/me gave: 403 without.
// Errors: any 4xx or 5xx answers `Problem`.

export type Level = "notice" | "yellow" | "red";
export type State = "issued" | "revoked" | "withheld";
export type Both = { zh: string; en: string };

export interface Problem {
  error: string; // a short word from a closed list: "unauthenticated", "forbidden", "locked", "not_found", "bad_filter", "unavailable" ...
  message: Both; // what is wrong and what was wanted, naming the field
  field: string | null;
}

// ---- who is looking -------------------------------------------------------------------------------------------------

export type Role = "administrator" | "supervisor" | "auditor" | "department" | "discipline"; // "discipline" alone may read clues

// POST /api/login {username, password} -> Me (sets the cookie); 401 wrong, 423 locked with Retry-After.  POST /api/logout -> 204
// GET /api/me -> Me.  POST /api/password {current, wanted} -> 204.  GET /api/sessions -> Session[]; DELETE /api/sessions/{id} -> 204
export interface Me {
  username: string;
  display_name: string;
  roles: Role[];
  region_prefix: string; // "" = everywhere; every answer is filtered by it
  department_id: string | null;
  csrf_token: string;
  must_change_password: boolean;
}
export interface Session {
  id: string;
  created_wall: number;
  seen_wall: number;
  agent: string;
  is_this: boolean;
}

// ---- one alert in a list, on the wall and in the stream ----------------------------------------------------------------

export interface Card {
  alert_id: string;
  rule_id: string;
  rule_name: Both;
  level: Level;
  disposition: "card" | "clue";
  state: State;
  revision: number;
  clock: string; // "wall" or the name of a log clock
  source_system: string | null;
  case_id: string | null;
  subject_key: string;
  detected_at: number;
  due_at: number | null;
  issued_wall: number | null;
  item_code: string | null;
  item_name: string | null;
  region_code: string | null;
  region_name: string | null;
  centre_id: string | null;
  centre_name: string | null;
  department_id: string | null;
  department_name: string | null;
  officer_ids: string[];
  sentence: Both;
  revoke_reason: string | null; // "fact" | "raised" | "precedence" | "reference"
}

// ---- the live wall -----------------------------------------------------------------------------------------------------

// GET /api/wall?clock=&place=   (clock: see Clock.name, the one with the newest event unless said; place: Place.key, all unless said)
export interface Wall {
  clock: Clock;
  clocks: Clock[];
  place: Place; // where we are in the drill-down, with its path upwards
  path: Place[]; // from the root to `place`, inclusive
  today: Totals; // local day of the clock
  trend: TrendPoint[]; // 24 hours of the clock by hour, oldest first
  newest: Card[]; // latest 50 by publication
  children: Tile[]; // regions, then centres, then departments under `place`
  rules: RuleCount[]; // today, most first
  sources: Source[];
  quiet: Quiet | null; // why there are no alerts today, if there are none
}
export interface Clock {
  name: string; // "wall" or a log clock's name
  now: number;
  is_simulated: boolean; // a city that is made up, shown as such
  time_zone: string; // IANA
  rate: number | null; // seconds of this clock a second of wall time, over the last minute; null if it stands
}
export interface Place {
  key: string; // "" | "region:4301" | "centre:<id>" | "department:<centre id>/<id>"
  kind: "root" | "region" | "centre" | "department";
  code: string;
  name: string;
}
export interface Totals {
  events: number;
  cases_accepted: number;
  cases_completed: number;
  cases_open: number;
  notice: number; // issued today and standing
  yellow: number;
  red: number;
  revoked: number; // revoked today
  withheld: number;
}
export interface TrendPoint {
  at: number; // beginning of the hour
  events: number;
  notice: number;
  yellow: number;
  red: number;
}
export interface Tile {
  place: Place;
  events: number;
  notice: number;
  yellow: number;
  red: number;
}
export interface RuleCount {
  rule_id: string;
  name: Both;
  notice: number;
  yellow: number;
  red: number;
}
export interface Source {
  source_system: string;
  clock: string;
  clock_now: number | null;
  last_event_wall: number | null; // broker time of its newest event
  last_event_at: number | null; // occurred_at of it
  events_last_hour: number; // by broker time
  refused_last_hour: number;
  state: "live" | "silent" | "closed"; // closed: silent, and its office is closed now on its clock
}
export interface Quiet {
  why: "no_events" | "feeds_silent" | "agents_behind" | "sink_behind" | "all_in_order";
  sentence: Both;
}

// GET /api/stream (text/event-stream), resumed by Last-Event-ID or ?since=<id>. Events, each but `hello` with an id from the log:
//   hello {id, missed: bool}         first; missed: the id asked for is older than the log keeps, load everything again
//   alert  Card                      one revision of an alert, in the order of its partition
//   clock  {clocks: Clock[], sources: Source[], today: {events: number}}   every few seconds, no id
//   bye    {why: "slow"|"logout"|"shutdown"}   the server closes; reconnect with the last id (not after logout)
// A comment line every 15 s keeps proxies from closing it.

// ---- one card ----------------------------------------------------------------------------------------------------------

// GET /api/alerts/{alert_id} -> AlertPage; 404 also for what one may not see
export interface AlertPage {
  card: Card;
  why: Both; // the card's general reason, from the rule
  legal_basis: Both;
  rule: RulePage;
  facts: Fact[]; // every number of the evidence
  ruler: Ruler | null; // for what has a limit
  timeline: Step[]; // the case's events, oldest first
  workflow: Workflow | null; // of the item, if declared
  revisions: Revision[]; // oldest first
  evidence_event_ids: string[];
  anomaly_class: string;
  issue_mode: string;
  responsible_step: string | null;
}
export interface Fact {
  name: string; // as in the alert
  label: Both;
  value: string | number | boolean | null | (string | number)[];
  kind: "text" | "number" | "time" | "date" | "duration_ms" | "list";
  unit: Both | null;
}
export interface Ruler {
  time_zone: string;
  from: number; // what to draw, from a little before the opening to a little after the later of end and stop
  to: number;
  opened_at: number;
  marks: { at: number; kind: "opened" | "notice" | "promised_due" | "legal_due" | "detected" | "decided" | "completed" | "now"; label: Both }[];
  pauses: { from: number; to: number | null; kind: string; label: Both; counted_until: number | null }[]; // counted_until: the cap
  extensions: { at: number; days: number; label: Both }[];
  days_off: { from: number; to: number; label: Both }[]; // weekends and holidays within, make-up workdays left out
}
export interface Step {
  event_id: string;
  event_type: string;
  label: Both;
  at: number;
  step_code: string | null;
  step_name: string | null;
  actor: string | null; // officer id
  department_id: string | null;
  channel: string | null;
  is_evidence: boolean;
  is_late: boolean; // received more than an hour after it happened
  is_quarantined: boolean; // from the future: no rule but P16 reads it
  superseded_by: string | null;
  payload: Record<string, unknown>;
  recorded_at: number | null;
  received_wall: number | null;
}
export interface Workflow {
  item_code: string;
  item_name: string;
  steps: { code: string; name: string; mandatory: boolean; limit: string | null; first_at: number | null; last_at: number | null; actors: string[] }[];
  before: [string, string][]; // A before B
  separate: [string, string][]; // not by the same person
}
export interface Revision {
  revision: number;
  state: State;
  at_wall: number;
  reason: string | null;
  reason_text: Both | null;
  event_id: string | null;
  sentence: Both;
}

// ---- history -----------------------------------------------------------------------------------------------------------

// GET /api/alerts?rule=&level=&state=&department=&centre=&item=&officer=&case=&source=&clock=&region=&from=&to=&disposition=&cursor=&limit=
//   lists are comma-separated; from, to: ms, of detected_at, from inclusive, to exclusive; newest first; limit <= 500
// GET /api/alerts.csv with the same filters: streamed, UTF-8 with BOM, headings by ?lang=zh|en
export interface AlertList {
  cards: Card[];
  cursor: string | null; // for the next page
  total: number; // of the filter, exact
}
// GET /api/facets?clock= -> what the filters can be set to
export interface Facets {
  rules: { id: string; name: Both }[];
  departments: { id: string; name: string }[];
  centres: { id: string; name: string }[];
  items: { code: string; name: string }[];
  regions: { code: string; name: string }[];
  sources: string[];
  clocks: Clock[];
}
// GET /api/cases/{source}/{case_id} -> CasePage (the id is percent-encoded, it may hold slashes); 404 if there is none
export interface CasePage {
  source_system: string;
  case_id: string;
  clock: string;
  item_code: string | null;
  item_name: string | null;
  region_code: string | null;
  region_name: string | null;
  centre_id: string | null;
  centre_name: string | null;
  department_id: string | null;
  department_name: string | null;
  state: string; // of domain.md 1.2: accepted, suspended, completed ...
  ruler: Ruler | null;
  timeline: Step[];
  workflow: Workflow | null;
  cards: Card[]; // of this case, all states
}

// ---- rules -------------------------------------------------------------------------------------------------------------

// GET /api/rules -> RuleRow[]; GET /api/rules/{rule_id} -> RulePage; both only of rules whose alerts one may see, 404 else
export interface RuleNamed {
  name: string; // as in events and subject keys
  label: Both;
}
export interface RuleRow {
  rule_id: string;
  version: number;
  name: Both;
  family: string;
  disposition: "card" | "clue";
  levels: Level[];
  why: Both;
  detector: string;
  events: RuleNamed[]; // that the rule reads
  subjects: RuleNamed[]; // kinds of what its alerts are about
}
export interface RulePage extends RuleRow {
  legal_basis: Both;
  false_positives: Both[];
  runbook: Both;
  page: Both; // the rule's whole page, as HTML made from the card, the worked example as an SVG in it
}
