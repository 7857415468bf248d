import type { Clock, PermitBlock, RatePolicy, TokenSource } from '@umbel/core'
import type Bottleneck from 'bottleneck'
import { systemClock } from '../system.ts'

/** Milliseconds of a rate that one block holds where it is fast: Bottleneck grants under 400 jobs a second, whatever they weigh. */
const BLOCK = 50

/** Milliseconds that a block may be kept at least: heavy tasks wait for several. */
const KEPT = 60_000

/** How Bottleneck is set up. */
export interface BottleneckTokensOptions {
  /** What its limiters are made with beside their spacing: `datastore`, `connection` and the like. */
  readonly limiter?: Omit<Bottleneck.ConstructorOptions, 'id' | 'minTime' | 'maxConcurrent' | 'reservoir'>
}

/**
 * Take permits from Bottleneck, which grants them in blocks: one job of its is one block, and its `minTime` the time in which the
 * rate makes as many. Of its settings `minTime` alone is exact and needs no heartbeat, which it stops when settings change: so a
 * limiter is never changed but made anew.
 */
export const bottleneckTokens = (options: BottleneckTokensOptions = {}): TokenSource => new BottleneckTokens(options)

interface Limiter {
  readonly bottleneck: Bottleneck
  readonly permits: number
  /** Permits that a rest has saved for a bucket's next block. */
  saved: number
  /** When the last block was granted. */
  at: number
}

class BottleneckTokens implements TokenSource {
  readonly #options: BottleneckTokensOptions
  readonly #clock: Clock = systemClock
  readonly #limiters = new Map<string, Limiter>()
  #Limits: typeof Bottleneck | undefined
  #stopped = false

  constructor(options: BottleneckTokensOptions) {
    this.#options = options
  }

  async reserve(bucket: string, policy: RatePolicy): Promise<PermitBlock> {
    // only now: it takes 6 ms to load, in each thread too, and few apps ask for it
    this.#Limits ??= (await import('bottleneck')).default
    if (this.#stopped) return new Promise(() => {})
    const limiter = this.#limiter(this.#Limits, bucket, policy)
    try {
      return await limiter.bottleneck.schedule(async () => this.#granted(limiter, policy))
    } catch (error) {
      if (this.#limiters.get(bucket) !== limiter) return new Promise(() => {}) // forgotten meanwhile
      // one whose server has lost its settings never works again
      this.forget(bucket)
      throw error
    }
  }

  forget(bucket: string): void {
    const limiter = this.#limiters.get(bucket)
    if (limiter === undefined) return
    this.#limiters.delete(bucket)
    limiter.bottleneck.stop({ dropWaitingJobs: true }).catch(() => {})
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const bucket of [...this.#limiters.keys()]) this.forget(bucket)
  }

  #limiter(Limits: typeof Bottleneck, bucket: string, policy: RatePolicy): Limiter {
    const known = this.#limiters.get(bucket)
    if (known !== undefined) return known
    const { kind, permits: all, per, burst } = policy
    const permits = kind === 'window' ? all : Math.max(1, Math.floor((all / per) * BLOCK))
    const bottleneck = new Limits({ ...this.#options.limiter, id: bucket, minTime: (per / all) * permits })
    bottleneck.on('error', () => {}) // told by the job that fails of it
    const limiter = { bottleneck, permits, saved: kind === 'bucket' ? burst : 0, at: this.#clock.monotonic() }
    this.#limiters.set(bucket, limiter)
    return limiter
  }

  #granted(limiter: Limiter, { kind, permits: all, per, burst }: RatePolicy): PermitBlock {
    const now = this.#clock.monotonic()
    const notAfter = now + Math.max(KEPT, per * 2)
    if (kind !== 'bucket') return { permits: limiter.permits, notAfter }
    const saved = Math.min(burst, limiter.saved + ((now - limiter.at) * all) / per)
    const permits = Math.max(limiter.permits, Math.floor(saved))
    limiter.saved = Math.max(0, saved - permits)
    limiter.at = now
    return { permits, notAfter }
  }
}
