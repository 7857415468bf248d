import { checkAmbient } from './ambient.ts'
import { checkCircles } from './circles.ts'
import { checkDocstrings } from './docstrings.ts'
import { checkLayers } from './layers.ts'
import { checkLockfile } from './lockfile.ts'
import { checkManifests } from './manifests.ts'
import { checkNames } from './names.ts'
import type { Finding, Project } from './project.ts'
import { checkSizes } from './sizes.ts'

/** The house rules by name; each looks at a whole project. */
export const rules: Readonly<Record<string, (project: Project) => Finding[]>> = {
  layers: checkLayers,
  circles: checkCircles,
  ambient: checkAmbient,
  docstrings: checkDocstrings,
  sizes: checkSizes,
  names: checkNames,
  manifests: checkManifests,
  lockfile: checkLockfile,
}
