import type { NimbusMethods, ThriftClient, TopologyInfo } from '../rpc/index.ts';
import type { CommandWorld } from './commands.ts';

/**
 * Storm's GetErrors (2.8): one line of JSON with the newest error of each component that has one. A topology
 * that is not alive is reported as a line, not as a failure. With `all`, every stored error with its time and
 * place.
 */
export async function getErrors(
  world: CommandWorld,
  { call }: ThriftClient<NimbusMethods>,
  name: string,
  options: { readonly all: boolean },
): Promise<number> {
  try {
    const num_err_choice = options.all ? 'ALL' : 'ONE';
    const info = await call.getTopologyInfoByNameWithOpts({ name, options: { num_err_choice } });
    const answer = options.all ? allErrors(info) : newestErrors(info);
    world.out(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    if (!isNotAlive(error)) throw error;
    world.out(`${JSON.stringify({ Failure: `No topologies running with name ${name}` })}\n`);
  }
  return 0;
}

function newestErrors(info: TopologyInfo): object {
  const errors = [...info.errors].flatMap(([component, [newest]]) =>
    newest === undefined ? [] : [[component, newest.error] as const],
  );
  return { 'Topology Name': info.name, 'Comp-Errors': Object.fromEntries(errors) };
}

function allErrors(info: TopologyInfo): object {
  const errors = [...info.errors]
    .filter(([, kept]) => kept.length > 0)
    .map(([component, kept]) => [
      component,
      kept.map(({ error, error_time_secs, host, port }) => ({
        error,
        timeSecs: error_time_secs,
        host,
        port,
      })),
    ]);
  return { topology: info.name, errors: Object.fromEntries(errors) as object };
}

function isNotAlive(error: unknown): boolean {
  return (error as { exceptionName?: string } | null)?.exceptionName === 'NotAliveException';
}
