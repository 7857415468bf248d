/** What errors about machines and their runs say: part of `ERRORS`. */
export const CHART_ERRORS = {
  UMBEL_BAD_MACHINE: {
    summary: 'A machine is malformed, or could not be stored and go on after a restart.',
    nextStep:
      'Correct the place named: invoke tasks through fromTask or fromCanvas, keep plain data in context, give actions names. Or run it with { local: true }, for as long as this process lives.',
  },
  UMBEL_PLACEHOLDER_STARTED: {
    summary: 'XState itself started an actor that stands for a task or a canvas.',
    nextStep:
      'Run the machine with app.workflow(machine).start(...); for a plain XState actor give it other logic with machine.provide({ actors }).',
  },
  UMBEL_BAD_INPUT: {
    summary: 'A machine gave what it invokes an input that is no list of arguments.',
    nextStep: 'Let input give a list, [order, 5], or what applyAsync takes, { args, kwargs, lane }.',
  },
  UMBEL_MACHINE_LOOP: {
    summary: 'A run of a machine never came to rest.',
    nextStep: 'Look for states that lead to each other by always, raise, or an invocation that ends at once.',
  },
  UMBEL_COMPENSATION_FAILED: {
    summary: 'A run has failed, and something that it did was not taken back.',
    nextStep:
      'While it shows COMPENSATION_FAILED send it RETRY or SKIP; details name what stays done, cause why it failed.',
  },
  UMBEL_TOO_MANY_COMPENSATIONS: {
    summary: 'A run has done so much that it would take back that it may not do more.',
    nextStep: 'Let the machine end, and begin another run for what comes next; or invoke tasks without compensate.',
  },
  UMBEL_UNKNOWN_WORKFLOW: {
    summary: 'No workflow has this name and version.',
    nextStep: 'List its machine in createApp({ workflows }), each version that still has runs.',
  },
  UMBEL_NOT_LOCAL: {
    summary: 'A local run was to have what only a stored one can.',
    nextStep: 'Leave that out, or leave out local: true: then the run is stored, and goes on in the next process.',
  },
  UMBEL_DUPLICATE_WORKFLOW: {
    summary: 'Two machines have the same id and version.',
    nextStep: 'Give one of them another id, or the changed one a version of its own.',
  },
  UMBEL_RUN_ENDED: {
    summary: 'An event was sent to a run that has ended.',
    nextStep: 'Read its result, or start another run under an id of its own.',
  },
  UMBEL_EVENT_NOT_TAKEN: {
    summary: 'A run was asked something that no transition of its state takes.',
    nextStep: 'Wait with run.waitFor(...) until it can, or use run.send: what is sent waits for a state that takes it.',
  },
  UMBEL_MAILBOX_FULL: {
    summary: 'A run keeps too many events that none of its states has taken.',
    nextStep: "Send what the machine takes, or raise the workflow's option keep.",
  },
} as const
