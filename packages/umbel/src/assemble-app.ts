import { type AppSettings, type GivenSettings, isSenderStore } from './app-options.ts'
import type { AppParts } from './app-parts.ts'
import { assemble, refusalTeller } from './assemble.ts'
import { Intake } from './intake.ts'
import { ownerCourse } from './owner-course.ts'
import { ownerOffers } from './owner-offers.ts'
import { assembleSender } from './senders/assemble-sender.ts'

/** Put together what an app is made of. @throws UMBEL_BAD_ROUTE, UMBEL_BAD_MACHINE */
export function partsOf(settings: GivenSettings): AppParts {
  const { store } = settings
  return isSenderStore(store) ? assembleSender(settings, store) : owner({ ...settings, store })
}

function owner(settings: AppSettings): AppParts {
  const parts = assemble(settings)
  const { store, producer, registry, signals, clock, failed } = parts
  for (const one of settings.workflows) registry.check(one)
  const intake = new Intake({
    inbox: store.inbox,
    producer,
    failed,
    runs: (machine, version) => registry.find(machine, version) !== undefined,
    refused: refusalTeller(signals, clock),
  })
  return {
    ...parts,
    course: ownerCourse(parts, intake),
    whenLost: (lost) => parts.engine.whenLost(lost),
    offers: (life, stop) => {
      store.connect?.(async (act) => {
        life.wake()
        return parts.engine.turn(act)
      })
      return ownerOffers({ ...parts, intake }, settings, life, stop)
    },
  }
}
