import type { Parts } from './assemble.ts'
import type { Intake } from './intake.ts'
import type { Course } from './life.ts'

/** The course of an app that runs what its store holds. */
export function ownerCourse(parts: Parts, intake: Intake): Course {
  const { store, lanes, limits, timers, results, shutdown, hold, engine, recovery, locals } = parts
  return {
    open: () => store.open().then(() => recovery.load()),
    opening: (opened) => engine.opening(opened),
    begin: async () => {
      recovery.resume()
      hold.set(engine.active > 0)
      intake.begin()
      await Promise.all([...lanes.values()].map((lane) => lane.start()))
    },
    leave: () => intake.stop(),
    end: async (deadline, why) => {
      await shutdown.drain(deadline)
      locals.stop(why)
      await shutdown.abort()
      engine.giveUp()
      timers.stop()
      await limits.stop()
      await Promise.all([...lanes.values()].map((lane) => lane.stop()))
      await engine.rested()
      await store.close()
    },
    hurry: (deadline) => shutdown.hurry(deadline),
    ended: (why) => {
      results.refuseAll(why)
      hold.release()
    },
  }
}
