//! The steps of a rollout: rolling, recreating, and scaling in proportion.
//! Real: pkg/controller/deployment/{rolling.go,recreate.go,sync.go} @ v1.37.2.

use super::deployment_run::Run;
use super::deployment_sets as sets;
use crate::actor::script::Halt;
use crate::model::Obj;

fn active(sets_: &[Obj]) -> Vec<Obj> {
    sets_.iter().filter(|set| sets::replicas(set) > 0).cloned().collect()
}

/// A step of a rolling update: up if there is room, else down if enough are available.
pub fn rolling(run: &mut Run<'_, '_>, all: &[Obj]) -> Result<(), Halt> {
    let (newest, old) = run.sets_and_revision(all, true)?;
    let newest = newest.expect("made if there was none");
    let (newest, scaled_up) = scale_newest(run, newest, &old)?;
    if scaled_up {
        // The status is that of before the step: nobody has acted on it yet.
        return run.sync_rollout_status(&old, Some(&newest));
    }
    let scaled_down = match scale_old(run, &newest, &old) {
        // What went wrong there is left to the next reconciliation; the status is written all the same.
        Err(Halt::Fail(_)) => false,
        other => other?,
    };
    if !scaled_down && run.is_complete(run.status()) {
        run.clean_up(&old)?;
    }
    run.sync_rollout_status(&old, Some(&newest))
}

fn scale_newest(run: &mut Run<'_, '_>, newest: Obj, old: &[Obj]) -> Result<(Obj, bool), Halt> {
    let (size, wanted) = (sets::replicas(&newest), run.replicas());
    if size >= wanted {
        return run.scale(&newest, wanted, false).map(|(_, scaled)| (newest, scaled));
    }
    let size = run.newest_size(sets::total(old) + size, size);
    run.scale(&newest, size, false).map(|(_, scaled)| (newest, scaled))
}

/// Removes pods of old ReplicaSets: unhealthy ones first, then as many as can be spared. Says whether it did.
fn scale_old(run: &mut Run<'_, '_>, newest: &Obj, old: &[Obj]) -> Result<bool, Halt> {
    let mut shrinking = active(old);
    if shrinking.is_empty() {
        return Ok(false);
    }
    let total = sets::total(old) + sets::replicas(newest);
    let min_available = run.replicas() - run.max_unavailable();
    let newest_unavailable = sets::replicas(newest) - run.available(newest);
    let max_down = total - min_available - newest_unavailable;
    if max_down <= 0 {
        return Ok(false);
    }
    let mut down = 0;
    for set in &mut shrinking {
        if down >= max_down {
            break;
        }
        let (size, available) = (sets::replicas(set), run.available(set));
        if size == available {
            continue;
        }
        let unhealthy = (max_down - down).min(size - available);
        // More are available than are wanted: the ReplicaSet's controller has yet to act on an earlier step. Nothing more is
        // taken until it has; what counts as available here is about to go.
        if unhealthy < 0 {
            return Ok(false);
        }
        *set = run.scale(set, size - unhealthy, false)?.0;
        down += unhealthy;
    }
    let available: i32 = shrinking.iter().chain([newest]).map(|set| run.available(set)).sum();
    let spare = available - min_available;
    let mut spared = 0;
    for set in &shrinking {
        let size = sets::replicas(set);
        if spared >= spare {
            break;
        }
        if size == 0 {
            continue;
        }
        let fewer = size.min(spare - spared);
        run.scale(set, size - fewer, false)?;
        spared += fewer;
    }
    Ok(down + spared > 0)
}

/// A step of a recreation: all old pods have to be gone before the first new one is made.
pub fn recreate(run: &mut Run<'_, '_>, all: &[Obj]) -> Result<(), Halt> {
    let (newest, old) = run.sets_and_revision(all, false)?;
    let mut scaled = false;
    for set in active(&old) {
        scaled |= run.scale(&set, 0, false)?.1;
    }
    if scaled || old_pods_run(run, newest.as_ref(), &old) {
        return run.sync_rollout_status(&old, newest.as_ref());
    }
    let (newest, old) = match newest {
        Some(newest) => (newest, old),
        None => {
            let (newest, old) = run.sets_and_revision(all, true)?;
            (newest.expect("made if there was none"), old)
        }
    };
    run.scale(&newest, run.replicas(), false)?;
    if run.is_complete(run.status()) {
        run.clean_up(&old)?;
    }
    run.sync_rollout_status(&old, Some(&newest))
}

fn old_pods_run(run: &Run<'_, '_>, newest: Option<&Obj>, old: &[Obj]) -> bool {
    let counted: i32 = old.iter().map(|set| sets::status(set).replicas).sum();
    counted > 0 || run.running().iter().any(|uid| newest.is_none_or(|newest| newest.meta.uid != *uid))
}

/// What happens instead of a rollout's step while the Deployment is paused or its number of replicas has changed.
pub fn scale_and_sync(run: &mut Run<'_, '_>, all: &[Obj]) -> Result<(), Halt> {
    let (newest, old) = run.sets_and_revision(all, false)?;
    scale(run, newest.as_ref(), &old)?;
    if run.spec().paused {
        run.clean_up(&old)?;
    }
    run.sync_status(&old, newest.as_ref())
}

/// The only ReplicaSet with pods; the newest if none has any; none if several have.
fn active_or_latest(newest: Option<&Obj>, old: &[Obj]) -> Option<Obj> {
    let mut active = old.iter().chain(newest).filter(|set| sets::replicas(set) > 0);
    match (active.next(), active.next()) {
        (None, _) => newest.or(old.last()).cloned(),
        (only, None) => only.cloned(),
        _ => None,
    }
}

fn is_saturated(run: &Run<'_, '_>, newest: &Obj) -> bool {
    let wanted = run.replicas();
    sets::replicas(newest) == wanted
        && sets::annotation_number(newest, sets::DESIRED_REPLICAS) == Some(wanted)
        && sets::status(newest).available_replicas == wanted
}

fn scale(run: &mut Run<'_, '_>, newest: Option<&Obj>, old: &[Obj]) -> Result<(), Halt> {
    if let Some(only) = active_or_latest(newest, old) {
        return run.scale(&only, run.replicas(), false).map(|_| ());
    }
    if newest.is_some_and(|newest| is_saturated(run, newest)) {
        for set in active(old) {
            run.scale(&set, 0, false)?;
        }
        return Ok(());
    }
    if run.spec().strategy.r#type != "RollingUpdate" {
        return Ok(());
    }
    let all: Vec<Obj> = old.iter().chain(newest).cloned().collect();
    for (set, size) in proportions(run, active(&all)) {
        run.scale(&set, size, true)?;
    }
    Ok(())
}

/// New sizes for all ReplicaSets with pods, in proportion to what they have, the largest first.
fn proportions(run: &Run<'_, '_>, mut all: Vec<Obj>) -> Vec<(Obj, i32)> {
    let wanted = run.replicas();
    let allowed = if wanted > 0 { wanted + run.max_surge() } else { 0 };
    let to_add = allowed - sets::total(&all);
    all.sort_by(|a, b| {
        let by_size = sets::replicas(b).cmp(&sets::replicas(a));
        match to_add.signum() {
            1 => by_size.then_with(|| sets::by_age(b, a)),
            -1 => by_size.then_with(|| sets::by_age(a, b)),
            _ => std::cmp::Ordering::Equal,
        }
    });
    let mut added = 0;
    let mut sizes: Vec<(Obj, i32)> = Vec::new();
    for set in all {
        let size = sets::replicas(&set);
        let share = if to_add == 0 { 0 } else { share(run, &set, to_add, added) };
        added += share;
        sizes.push((set, size + share));
    }
    if to_add != 0
        && let Some((_, largest)) = sizes.first_mut()
    {
        *largest = (*largest + to_add - added).max(0);
    }
    sizes
}

fn share(run: &Run<'_, '_>, set: &Obj, to_add: i32, added: i32) -> i32 {
    let size = sets::replicas(set);
    if size == 0 || to_add == added {
        return 0;
    }
    let fraction = fraction(run, set, size);
    let allowed = to_add - added;
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

fn fraction(run: &Run<'_, '_>, set: &Obj, size: i32) -> i32 {
    if run.replicas() == 0 {
        return -size;
    }
    let max = run.replicas() + run.max_surge();
    let max_before = match sets::annotation_number(set, sets::MAX_REPLICAS).filter(|max| *max > 0) {
        Some(max) => max,
        None if run.status().replicas > 0 => run.status().replicas,
        None => return 0,
    };
    // Rounded half away from zero, as the real one's floats are.
    let (product, before) = (i64::from(size) * i64::from(max), i64::from(max_before));
    ((2 * product + before).div_euclid(2 * before)) as i32 - size
}
