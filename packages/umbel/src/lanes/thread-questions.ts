import type { AttemptCall, AttemptReports, Encoded } from '@umbel/core'
import { fromErrorData, toErrorData, umbelError } from '@umbel/core/tasks'
import type { GiveOrder } from './thread-pool.ts'
import type { Answered, Asked, Question } from './thread-protocol.ts'

/** What a thread has asked and waits to be answered. */
export class ThreadQuestions {
  readonly #ask: (asked: Asked) => void
  readonly #waiting = new Map<number, (answer: Answered) => void>()
  #asked = 0

  constructor(ask: (asked: Asked) => void) {
    this.#ask = ask
  }

  /** Ask for the item of a number. Rejects with what the answer is wrong with. */
  ask(item: number, question: Question): Promise<Encoded | undefined> {
    this.#asked += 1
    const number = this.#asked
    return new Promise((resolve, reject) => {
      this.#waiting.set(number, (answer) => {
        if (answer.ok) resolve(answer.value)
        else reject(fromErrorData(answer.error))
      })
      this.#ask(['ask', item, number, question])
    })
  }

  answered(number: number, answer: Answered): void {
    this.#waiting.get(number)?.(answer)
    this.#waiting.delete(number)
  }
}

/** Answer what a thread has asked for an attempt; `call` is `undefined` of one that has ended. */
export async function answer(
  [, , number, question]: Asked,
  give: GiveOrder,
  call: AttemptCall | undefined,
  reports: AttemptReports,
): Promise<void> {
  give(['answer', number, await answerTo(question, call, reports)])
}

async function answerTo(question: Question, call: AttemptCall | undefined, reports: AttemptReports): Promise<Answered> {
  try {
    if (call === undefined)
      throw umbelError('UMBEL_ATTEMPT_OVER', `A handler called ctx.once(${JSON.stringify(question[1])}) too late.`)
    if (question[0] === 'recall') return { ok: true, value: await reports.recall(call, question[1]) }
    await reports.record(call, question[1], question[2])
    return { ok: true, value: undefined }
  } catch (error) {
    return { ok: false, error: toErrorData(error) }
  }
}
