import { type Finding, type Project, shippedSources } from './project.ts'

/** The most lines a source file may have. The aim is 300; past this it holds a second idea. */
const most = 350

/** The files that may be longer, and why. */
const longer: Readonly<Record<string, string>> = {}

/** No source file of a package, an app or the scripts is longer than it may be, unless it is listed with a reason. */
export function checkSizes(project: Project): Finding[] {
  const scripts = [...project.files.values()].filter((file) => file.path.startsWith('scripts/'))
  return [...shippedSources(project), ...scripts].flatMap((file) => {
    const lines = file.text.split('\n').length - 1
    if (lines > most && !(file.path in longer))
      return [
        {
          file: file.path,
          says: `has ${lines} lines, ${most} at most: give its second idea a file, or list it in scripts/house/sizes.ts`,
        },
      ]
    if (lines <= most && file.path in longer)
      return [{ file: file.path, says: `is listed as too long in scripts/house/sizes.ts, but has only ${lines} lines` }]
    return []
  })
}
