import type { AnyStateMachine } from 'xstate'
import { isMachine } from '../chart/actors.ts'
import type { Canvas } from '../signature.ts'
import { type CanvasGraph, type CanvasGraphOptions, canvasGraph } from './canvas-graph.ts'
import { type ChartGraph, chartGraph } from './chart-graph.ts'

/** A machine or a canvas as nodes and edges: plain JSON. */
export type Graph = ChartGraph | CanvasGraph

/**
 * Draw a machine, or a signature or canvas, as nodes and edges in plain JSON: states with their tags, what they invoke, guards and
 * delays; tasks, and groups with members that look alike drawn as one. Nothing is run or sent.
 * @throws UMBEL_BAD_CANVAS, UMBEL_CANVAS_CYCLE, UMBEL_CANVAS_TOO_DEEP, UMBEL_CANVAS_TOO_LARGE, UMBEL_BAD_OPTION
 */
export function graphOf(machine: AnyStateMachine): ChartGraph
export function graphOf(canvas: Canvas | { readonly data: Canvas }, options?: CanvasGraphOptions): CanvasGraph
export function graphOf(
  what: AnyStateMachine | Canvas | { readonly data: Canvas },
  options?: CanvasGraphOptions,
): Graph {
  if (isMachine(what)) return chartGraph(what)
  return canvasGraph(isSignature(what) ? what.data : what, options)
}

const isSignature = (what: unknown): what is { readonly data: Canvas } =>
  typeof what === 'object' && what !== null && 'data' in what
