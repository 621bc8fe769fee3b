import { checkInteger } from './check.js';
import { keptBytes, releaseKept } from './kept-weight.js';
import { addonPath, native, warnOfFewerThreads } from './native.js';
import { VERSION } from './package-root.js';

/** Bytes of native memory. */
export interface MemoryUse {
  /** Of tensors now. */
  live: number;
  /** Of tensors at most, since the start or `resetPeakMemory`. */
  peak: number;
  /** Of free blocks kept for reuse. */
  cached: number;
  /** Of free blocks of captured steps. */
  pooled: number;
  /** Of tensors, those of weights packed for inference: given back with the weights, when memory is short, or by `emptyCache`. */
  packed: number;
}

/** The same, with what there is. */
export interface MemoryFacts extends MemoryUse {
  /** What the process may use. */
  limit: number;
}

/** What vitrine runs on. Bytes and counts. */
export interface Info {
  /** vitrine's. */
  version: string;
  /** The file that holds the native code. */
  addon: string;
  /** Node.js's, as `process.version`. */
  node: string;
  /** Operating system and architecture, as in `linux-x64`. */
  platform: string;
  /** The CPU's name. */
  cpu: string;
  /** Cores that this process may use, by its affinity and the whole CPUs of its quotas: as many threads as the pool has by default. */
  cpus: number;
  /** Threads of the pool. */
  threads: number;
  /** The instruction set that kernels run on, and all that this CPU has. */
  isa: string;
  /** Instruction sets that the CPU has kernels for, the fastest first. */
  isas: string[];
  /** Who computes matrix products: 'own kernels' and their instruction set, or the library that `VITRINE_GEMM` names. */
  blas: {
    /** Of the library, or 'own kernels'. */
    name: string;
    /** The CPU that it takes this one for, or the instruction set. */
    core: string;
  };
  /** Whether the CPU multiplies bfloat16; else `precision: 'bf16'` gives the same, and takes longer. */
  bf16: {
    /** Whether it does. */
    available: boolean;
    /** Why not; '' where it does. */
    reason: string;
  };
  /** What `memory()` gives, and the bytes that the process may use. */
  memory: MemoryFacts;
  /** What slows it down, a sentence each with the fix. */
  warnings: string[];
}

/**
 * Versions, instruction set, who computes matrix products, threads, and memory.
 */
export function info(): Info {
  const cpu = native.cpu();
  const blas = native.blas();
  return {
    version: VERSION,
    addon: addonPath,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpu.model,
    cpus: cpu.usable,
    threads: native.threads(),
    isa: cpu.isa,
    isas: cpu.isas,
    blas: { name: blas.name, core: blas.core },
    bf16: { available: native.whyNoBf16() === '', reason: native.whyNoBf16() },
    memory: { ...memory(), limit: cpu.memory },
    warnings: blas.warning === '' ? [] : [blas.warning],
  };
}

/** How much native memory is in use. */
export function memory(): MemoryUse {
  const { live, peak, cached, pooled } = native.memory();
  return { live, peak, cached, pooled, packed: keptBytes() };
}

/** Lets `memory().peak` begin anew from what lives now. */
export function resetPeakMemory(): void {
  native.resetPeak();
}

/** Gives the free blocks kept for reuse, and packed weights, back to the system, once the stream has run dry. Blocks until then. */
export function emptyCache(): void {
  releaseKept();
  native.trim();
}

/** Threads that kernels run on: those asked for, or fewer where the system gave no more. */
export function getThreads(): number {
  return native.threads();
}

/**
 * Sets the number of threads for all that is enqueued from now on. Default: one for each core that the process may use,
 * or VITRINE_THREADS. Results do not depend on it.
 *
 * @throws TypeError unless it is a whole number from 1 to 1024
 */
export function setThreads(threads: number): void {
  native.setThreads(checkInteger(threads, 'setThreads', 1, 1024));
  // The stream starts them when it comes to it.
  native.fence(warnOfFewerThreads);
}
