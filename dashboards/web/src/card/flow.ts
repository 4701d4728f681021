// What of a declared workflow was done, and which of its two kinds of demands (order, separate persons) were broken.
import type { Workflow } from "../contract";

export interface Demand {
  kind: "before" | "separate";
  a: string;
  b: string;
  broken: boolean;
  who: string[];
}

export function demands(workflow: Workflow): Demand[] {
  const step = (code: string) => workflow.steps.find((one) => one.code === code);
  const name = (code: string) => step(code)?.name ?? code;
  const before = workflow.before.map(([a, b]): Demand => {
    const [first, second] = [step(a), step(b)];
    const broken = second?.first_at != null && (first?.first_at == null || first.first_at > second.first_at);
    return { kind: "before", a: name(a), b: name(b), broken, who: [] };
  });
  const separate = workflow.separate.map(([a, b]): Demand => {
    const who = (step(a)?.actors ?? []).filter((actor) => step(b)?.actors.includes(actor));
    return { kind: "separate", a: name(a), b: name(b), broken: who.length > 0, who };
  });
  return [...before, ...separate];
}
