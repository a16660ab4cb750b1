/**
 * The statements of the paper that this version claims, numbered by its sections; every one has a test of that number in
 * ft-tests/paper. Scales, Nelson, Venkitachalam: The Design of a Practical System for Fault-Tolerant Virtual Machines, 2010.
 */
export const paperStatements: Readonly<Record<string, string>> = {
  '2-1': 'the backup is the same machine a little behind',
  '2-2': 'only the primary is on the network; its input goes over the logging channel',
  '2-3': 'the backup\'s outputs are dropped',
  '2-4': 'failures are fail-stop',
  '2.1-1': 'everything nondeterministic is logged in order; replay repeats exactly',
  '2.1-2': 'operations are logged with their results',
  '2.1-3': 'events are logged with their exact point',
  '2.1-4': 'events come as they come, without epochs',
  '2.1-5': 'the log has one form, in a file or on the channel',
  '2.2-1': 'output requirement',
  '2.2-2': 'output rule',
  '2.2-3': 'a held output does not stop the machine',
  '2.2-4': 'receipt is enough for an ack',
  '2.2-5': 'the backup replays what it has received before it goes live',
  '2.2-6': 'outputs across a failover (ours: once)',
  '2.2-7': 'inputs across a failover (ours: none lost)',
  '2.3-1': 'backup failed: the primary goes on alone',
  '2.3-2': 'primary failed: the backup replays and goes live',
  '2.3-3': 'the new primary announces itself to the network',
  '2.3-4': 'heartbeats and the flow of log entries show that a peer lives',
  '2.3-5': 'a test-and-set decides who goes live',
  '2.3-6': 'without the shared storage, nobody goes live',
  '2.3-7': 'a new backup is started (so far: the service is said to be unprotected)',
  '3.1-1': 'a backup is started for a primary in any state, running',
  '3.1-2': 'cloning leaves the source running; the source is the primary, the clone the backup',
  '3.2-1': 'buffers on both sides, flushed and acknowledged at once',
  '3.2-2': 'empty: the backup waits',
  '3.2-3': 'full: the primary waits',
  '3.3-1': 'power-off is a control entry',
  '3.3-2': 'power-off stops the backup too',
  '3.5-1': 'the guest\'s network changes only by events in the log',
  '3.5-2': 'packets share interrupts',
  '3.5-3': 'entries and acks leave at once'
}
