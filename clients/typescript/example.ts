// Compiles only while the types are what programs use.
import type { components, paths } from "./cutroom.d.ts";

type Render = components["schemas"]["Render"];
type Accepted =
  paths["/api/v1/projects/{slug}/render/stitch"]["post"]["responses"]["202"]["content"]["application/json"];

export function isOver(render: Render): boolean {
  return render.state === "succeeded" || render.state === "failed" || render.state === "cancelled";
}

export async function follow(base: string, token: string, accepted: Accepted): Promise<Render> {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${base}${accepted.status_url}`, { headers });
  return (await answer.json()) as Render;
}
