import type { Canvas, ChunksSignature } from '@umbel/core'
import { chunkMembers, listGroupOf, setOptions } from '@umbel/core/tasks'
import type { AnySignature, NoKeywords } from './any-signature.ts'
import { Signature } from './signature.ts'

/** Lists of arguments in chunks, each run by one task: gives a list of results for each chunk. Made by `task.chunks`. */
export class Chunks<R, N extends string = string> extends Signature<[], R[][], NoKeywords, N, 'immutable' | 'group'> {
  /** The group of starmaps that it stands for, one for each chunk. */
  group(): Signature<[], R[][], NoKeywords, N, 'immutable' | 'group'> {
    const chunks = this.data as ChunksSignature
    return new Signature(setOptions(listGroupOf(chunkMembers({ ...chunks, options: {} })), chunks.options))
  }

  protected override remade(data: Canvas): AnySignature {
    return new Chunks(data)
  }
}
