import { type ChartFault, type PlacedPlaceholder, placedPlaceholders, refuseFaults, withMachines } from '@umbel/core'
import type { AnyStateMachine } from 'xstate'
import type { SpecResolver } from '../spec-resolver.ts'

/** Refuse a machine with compensations that could never be sent, those of the machines that it invokes included. @throws UMBEL_BAD_MACHINE */
export function checkCompensations(machine: AnyStateMachine, resolver: Pick<SpecResolver, 'checkFed'>): void {
  refuseFaults(
    withMachines(machine)
      .flatMap(placedPlaceholders)
      .flatMap((placed) => faultsOf(placed, resolver)),
  )
}

function faultsOf({ placeholder, path }: PlacedPlaceholder, resolver: Pick<SpecResolver, 'checkFed'>): ChartFault[] {
  const { canvas, name } = placeholder.compensation ?? {}
  if (canvas === undefined) return []
  try {
    resolver.checkFed(canvas)
    return []
  } catch (error) {
    return [{ path, says: `is compensated by ${name}, which could never be sent: ${messageOf(error)}` }]
  }
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
