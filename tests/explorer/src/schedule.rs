//! Schedules of two operations: in which order their calls are made, and which of them ends in a
//! crash.

use std::task::Poll;

use store::IssuerRole;

use crate::{
    gate::{all_turns, turn},
    operation::{Operation, Outcome, Running},
    witness::Witness,
    world::{World, finish},
};

/// A run that takes more turns than this never ends.
const MAX_TURNS: usize = 1_000;
/// The maximum number of preemptions of a seeded schedule.
pub const MOST_SWITCHES: usize = 5;
/// Two operations together seldom take more turns; what comes after their end does not happen.
const LAST: usize = 14;

/// When which of two operations goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Which of them begins: 0 or 1.
    pub first: usize,
    /// The numbers of turns of both after which the other one goes on, although this one could:
    /// its preemptions.
    pub switches: Vec<usize>,
    /// The number of turns of both after which the process that made the last one crashes.
    pub crash: Option<usize>,
}

impl Schedule {
    /// A pair of operations and a schedule of them that depend on the seed alone: up to
    /// [`MOST_SWITCHES`] preemptions at any places, and a crash in every other one.
    #[must_use]
    pub fn seeded(seed: u64) -> ([Operation; 2], Self) {
        let mut random = SplitMix(seed);
        let mut operation = || Operation::ALL[random.below(Operation::ALL.len())];
        let pair = [operation(), operation()];
        let first = random.below(2);
        let mut switches: Vec<usize> = (0..random.below(MOST_SWITCHES + 1)).map(|_| 1 + random.below(LAST)).collect();
        switches.sort_unstable();
        switches.dedup();
        let crash = (random.below(2) == 1).then(|| 1 + random.below(LAST));
        (pair, Self { first, switches, crash })
    }
}

/// The generator of numbers by Steele, Lea and Flood.
struct SplitMix(u64);

impl SplitMix {
    /// A number below `end`. That some are a little likelier does not matter here.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % end
    }
}

/// How a schedule went.
#[derive(Clone, Debug)]
pub struct Run {
    /// The turns that both took.
    pub turns: usize,
    /// How many of the switches happened; the others came when one of the two was over.
    pub switched: usize,
    /// Whether the crash happened; an operation that is over cannot crash.
    pub crashed: bool,
    /// What came of each; `None` where it crashed and its client did not ask again.
    pub outcomes: [Option<Outcome>; 2],
}

/// What must not have happened, and when it did.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What is wrong.
    pub what: String,
    /// The two operations.
    pub pair: [Operation; 2],
    /// The schedule that leads there.
    pub schedule: Schedule,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [a, b] = self.pair;
        write!(f, "{a:?} and {b:?}: {}: {:?}", self.what, self.schedule)
    }
}

/// How much was explored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Schedules without a crash.
    pub schedules: usize,
    /// Schedules with one.
    pub crashes: usize,
}

impl std::ops::AddAssign for Explored {
    fn add_assign(&mut self, other: Self) {
        self.schedules += other.schedules;
        self.crashes += other.crashes;
    }
}

/// How far to explore.
#[derive(Clone, Copy, Debug)]
pub struct Depth {
    /// The maximum number of preemptions.
    pub preemptions: usize,
    /// The maximum number of preemptions in a schedule with a crash; `None` for no crashes.
    pub preemptions_with_crash: Option<usize>,
}

/// Runs every schedule of the two operations, each from the same world.
///
/// # Errors
/// The first schedule that breaks a rule.
pub fn explore(world: &World, pair: [Operation; 2], depth: Depth) -> Result<Explored, Box<Violation>> {
    let mut explored = Explored::default();
    let firsts = if pair[0] == pair[1] { 0..1 } else { 0..2 };
    for first in firsts {
        branch(world, pair, &Schedule { first, ..Schedule::default() }, depth, &mut explored)?;
    }
    Ok(explored)
}

/// Runs a schedule, the same with each crash, and all that have one switch more.
fn branch(
    world: &World,
    pair: [Operation; 2],
    schedule: &Schedule,
    depth: Depth,
    explored: &mut Explored,
) -> Result<bool, Box<Violation>> {
    let run = run(world, pair, schedule)?;
    if run.switched < schedule.switches.len() {
        return Ok(false);
    }
    explored.schedules += 1;
    if depth.preemptions_with_crash.is_some_and(|most| schedule.switches.len() <= most) {
        for turn in 1..=run.turns {
            let crashing = Schedule { crash: Some(turn), ..schedule.clone() };
            explored.crashes += usize::from(self::run(world, pair, &crashing)?.crashed);
        }
    }
    if schedule.switches.len() < depth.preemptions {
        let last = schedule.switches.last().copied().unwrap_or_default();
        for turn in last + 1..run.turns {
            let mut longer = schedule.clone();
            longer.switches.push(turn);
            if !branch(world, pair, &longer, depth, explored)? {
                break;
            }
        }
    }
    Ok(true)
}

/// Runs one schedule on a copy of the world, and what a CA does afterwards anyway: clients ask
/// again, interrupted issuances are resumed, CRLs are made that were asked for or are due.
///
/// # Errors
/// When it breaks a rule.
pub fn run(world: &World, pair: [Operation; 2], schedule: &Schedule) -> Result<Run, Box<Violation>> {
    finish(run_in(&world.copied(), pair, schedule))
}

/// Runs one schedule in a world, which nothing else uses.
///
/// # Errors
/// When it breaks a rule.
pub async fn run_in(world: &World, pair: [Operation; 2], schedule: &Schedule) -> Result<Run, Box<Violation>> {
    let violation = |what| Box::new(Violation { what, pair, schedule: schedule.clone() });
    let mut witness = Witness::new(world).await;
    let (mut run, crashed) = take_turns(world, pair, schedule, &mut witness).await.map_err(violation)?;
    if let Some(crashed) = crashed {
        run.outcomes[crashed] = Some(all_turns(pair[crashed].start(world)).await);
        witness.look(world).await.map_err(violation)?;
    }
    recover(world, &mut witness).await.map_err(violation)?;
    witness.judge(world, pair, &run.outcomes).await.map_err(violation)?;
    Ok(run)
}

/// The turns of the schedule, and which of the two crashed.
async fn take_turns(
    world: &World,
    pair: [Operation; 2],
    schedule: &Schedule,
    witness: &mut Witness,
) -> Result<(Run, Option<usize>), String> {
    let mut running: [Option<Running>; 2] = pair.map(|operation| Some(operation.start(world)));
    let mut run = Run { turns: 0, switched: 0, crashed: false, outcomes: [None, None] };
    let (mut current, mut crashed) = (schedule.first, None);
    while running.iter().any(Option::is_some) {
        if run.turns > MAX_TURNS {
            return Err("it never ends".to_owned());
        }
        if running[current].is_none() {
            current = 1 - current;
        } else if schedule.switches.contains(&run.turns) && running[1 - current].is_some() {
            current = 1 - current;
            run.switched += 1;
        }
        let Some(operation) = &mut running[current] else { continue };
        let poll = turn(operation.as_mut()).await;
        run.turns += 1;
        witness.look(world).await?;
        if let Poll::Ready(outcome) = poll {
            (running[current], run.outcomes[current]) = (None, Some(outcome));
        } else if schedule.crash == Some(run.turns) {
            (running[current], crashed) = (None, Some(current));
        }
    }
    run.crashed = crashed.is_some();
    Ok((run, crashed))
}

async fn recover(world: &World, witness: &mut Witness) -> Result<(), String> {
    for task in witness.unfinished() {
        if !world.surroundings.will_resume(&task) {
            return Err("an issuance was begun that no queue resumes".to_owned());
        }
        let process = world.process();
        let resumed = all_turns(process.ra.resumption.resume(task)).await;
        resumed.map_err(|error| format!("an issuance is stuck: {error}"))?;
        witness.look(world).await?;
    }
    for task in world.surroundings.take_crl_tasks() {
        let process = world.process();
        let made = all_turns(process.ra.crls.make(&task)).await;
        made.map_err(|error| format!("a CRL cannot be made: {error}"))?;
        witness.look(world).await?;
    }
    let process = world.process();
    let made = all_turns(process.ra.crls.make_due(IssuerRole::Issuing)).await;
    made.map_err(|error| format!("the schedule makes no CRL: {error}"))?;
    witness.look(world).await
}
