import { type Clock, type RandomSource, silentLog } from '../../base/index.ts';
import { LocalStorage, type LogStorage } from '../../dlog/index.ts';
import { KafkaStorage } from '../../dlog/storage/kafka/index.ts';
import { SimulatedBroker } from './simulated-broker.ts';
import { SimulatedDisk } from './simulated-disk.ts';

/** What the processes of a model share, and what may happen to it. */
export interface Medium {
  /** A process's storage on it. */
  storage(user: { turn(): Promise<void> }, clock: Clock): LogStorage;
  /** Advances what happens independently of the processes. */
  step(): void;
  /** Some calls fail from now on. */
  fail(): void;
  /** Nothing fails any more. */
  calm(): void;
  /** Every process is to be dead before. */
  cutPower(): void;
}

export type MediumKind = 'disk' | 'kafka';

export function mediumOf(kind: MediumKind, random: RandomSource): Medium {
  return kind === 'disk' ? diskMedium(random) : brokerMedium(random);
}

function diskMedium(random: RandomSource): Medium {
  const disk = new SimulatedDisk(random);
  const chance = (share: number): boolean => random.next() < share;
  return {
    storage: (user) => new LocalStorage({ directory: '/log', random, fs: disk.fileSystem(user) }),
    step: () => undefined,
    fail: () => {
      let left = 1 + Math.floor(random.next() * 3);
      const code = chance(0.5) ? 'EIO' : 'ENOSPC';
      disk.fault = (call) => {
        if (left === 0 || call === 'read' || call === 'open' || !chance(0.2)) return undefined;
        left -= 1;
        return code;
      };
    },
    calm: () => {
      disk.fault = () => undefined;
    },
    cutPower: () => disk.cutPower(),
  };
}

function brokerMedium(random: RandomSource): Medium {
  const broker = new SimulatedBroker(random);
  const options = { topicPrefix: 'model.', replicationFactor: 1, isFlushed: true };
  return {
    storage: (user, clock) =>
      new KafkaStorage({ kafka: broker.connect(user), clock, random, log: silentLog }, options),
    step: () => broker.step(),
    fail: () => broker.fail(1 + Math.floor(random.next() * 3)),
    calm: () => broker.fail(0),
    cutPower: () => broker.cutPower(),
  };
}
