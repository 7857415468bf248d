import type { AttemptCall, AttemptReports } from '@umbel/core'
import type { Told } from './thread-protocol.ts'

/** What threads tell of what their handlers do. */
export type Report = Extract<Told, readonly ['state' | 'progress' | 'begun' | 'send' | 'log', ...unknown[]]>

/** Hand on what a handler in a thread reports. */
export function report(reports: AttemptReports, call: AttemptCall, told: Report): void {
  switch (told[0]) {
    case 'state':
      return reports.state(call, told[2], told[3])
    case 'progress':
      return reports.progress(call, told[2], told[3])
    case 'begun':
      return reports.begun(call, told[2])
    case 'send':
      return reports.send(call, told[2], told[3], told[4])
    case 'log':
      return reports.log(call, told[2], told[3], told[4])
    default:
      return told satisfies never
  }
}
