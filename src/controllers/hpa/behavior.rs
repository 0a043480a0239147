//! How far a recommendation may go at once: the highest (or lowest) of the recent ones, the limits of minimum and maximum,
//! and the rates of `spec.behavior`.
//! Real: pkg/controller/podautoscaler/horizontal.go (normalizeDesiredReplicas, normalizeDesiredReplicasWithBehaviors) @ v1.37.2.

use crate::base::{Span, Time};
use crate::model::{HPAScalingRules, HorizontalPodAutoscalerBehavior};

/// What is remembered of an autoscaler between its evaluations.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    recommendations: Vec<(i32, Time)>,
    ups: Vec<(i32, Time)>,
    downs: Vec<(i32, Time)>,
}

/// The limits that hold now.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Replicas now.
    pub current: i32,
    /// `spec.minReplicas`.
    pub min: i32,
    /// `spec.maxReplicas`.
    pub max: i32,
    /// The window for shrinking where the spec does not say.
    pub downscale_window: Span,
    /// The present instant.
    pub now: Time,
}

/// What a recommendation came to, with the reasons of two conditions: AbleToScale (reason and message), and ScalingLimited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalized {
    /// Replicas.
    pub replicas: i32,
    /// Reason and message of AbleToScale.
    pub able: (&'static str, &'static str),
    /// Whether ScalingLimited is True.
    pub limited: bool,
    /// Its reason and message.
    pub limit: (&'static str, &'static str),
}

const READY: (&str, &str) = ("ReadyForNewScale", "recommended size matches current size");
const DOWN_STABILIZED: (&str, &str) =
    ("ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation");
const UP_STABILIZED: (&str, &str) =
    ("ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation");
const UP_LIMIT: (&str, &str) = ("ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
const DOWN_LIMIT: (&str, &str) = ("ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
const TOO_MANY: (&str, &str) = ("TooManyReplicas", "the desired replica count is more than the maximum replica count");
const TOO_FEW: (&str, &str) = ("TooFewReplicas", "the desired replica count is less than the minimum replica count");
const WITHIN: (&str, &str) = ("DesiredWithinRange", "the desired count is within the acceptable range");

impl Memory {
    /// The size at the first evaluation counts as a recommendation.
    pub fn begin(&mut self, current: i32, now: Time) {
        if self.recommendations.is_empty() {
            self.recommendations.push((current, now));
        }
    }

    /// Takes note of a change of size, for the rates.
    pub fn scaled(&mut self, behavior: Option<&HorizontalPodAutoscalerBehavior>, before: i32, after: i32, now: Time) {
        let Some(behavior) = behavior else { return };
        let (events, rules) = if after > before { (&mut self.ups, &behavior.scale_up) } else { (&mut self.downs, &behavior.scale_down) };
        let longest_s = rules.iter().flat_map(|rules| &rules.policies).map(|policy| policy.period_seconds).max().unwrap_or(0);
        let event = ((after - before).abs(), now);
        match events.iter_mut().rev().find(|(_, at)| now - *at > Span::from_s(longest_s.max(0) as u64)) {
            Some(outdated) => *outdated = event,
            None => events.push(event),
        }
    }

    /// Keeps a recommendation, in the place of one that no longer counts.
    fn remember(&mut self, wanted: i32, outdated: Option<usize>, now: Time) {
        match outdated {
            Some(at) => self.recommendations[at] = (wanted, now),
            None => self.recommendations.push((wanted, now)),
        }
    }

    /// Without `spec.behavior`.
    pub fn normalize(&mut self, wanted: i32, bounds: &Bounds) -> Normalized {
        let is_old = |at: &Time| bounds.now - *at > bounds.downscale_window;
        let recent = self.recommendations.iter().filter(|(_, at)| !is_old(at)).map(|(replicas, _)| *replicas);
        let stable = recent.fold(wanted, i32::max);
        let outdated = self.recommendations.iter().rposition(|(_, at)| is_old(at));
        self.remember(wanted, outdated, bounds.now);
        let up_limit = (2 * bounds.current).max(4);
        let (most, limit) = if bounds.max > up_limit { (up_limit, UP_LIMIT) } else { (bounds.max, TOO_MANY) };
        let (replicas, limit) = match stable {
            few if few < bounds.min => (bounds.min, TOO_FEW),
            many if many > most => (most, limit),
            fine => (fine, WITHIN),
        };
        let able = if stable != wanted { DOWN_STABILIZED } else { READY };
        Normalized { replicas, able, limited: replicas != stable, limit }
    }

    /// With `spec.behavior`.
    pub fn normalize_with(&mut self, behavior: &HorizontalPodAutoscalerBehavior, wanted: i32, bounds: &Bounds) -> Normalized {
        let window = |rules: &Option<HPAScalingRules>, default: Span| {
            let seconds = rules.as_ref().and_then(|rules| rules.stabilization_window_seconds);
            seconds.map_or(default, |seconds| Span::from_s(seconds.max(0) as u64))
        };
        let up_window = window(&behavior.scale_up, Span::ZERO);
        let down_window = window(&behavior.scale_down, bounds.downscale_window);
        let age = |at: &Time| bounds.now - *at;
        let (mut lowest, mut highest, mut outdated) = (wanted, wanted, None);
        for (at, (replicas, time)) in self.recommendations.iter().enumerate() {
            if age(time) < up_window {
                lowest = lowest.min(*replicas);
            }
            if age(time) < down_window {
                highest = highest.max(*replicas);
            }
            if age(time) > up_window && age(time) > down_window {
                outdated = Some(at);
            }
        }
        let stable = bounds.current.max(lowest).min(highest);
        self.remember(wanted, outdated, bounds.now);
        let able = match stable == wanted {
            true => READY,
            false if wanted >= bounds.current => UP_STABILIZED,
            false => DOWN_STABILIZED,
        };
        let (replicas, limit) = self.rate(behavior, stable, bounds);
        Normalized { replicas, able, limited: replicas != stable, limit }
    }

    fn rate(&self, behavior: &HorizontalPodAutoscalerBehavior, wanted: i32, bounds: &Bounds) -> (i32, (&'static str, &'static str)) {
        if wanted > bounds.current {
            let limit = self.limit(behavior.scale_up.as_ref(), bounds, true).max(bounds.current);
            let (most, reason) = if bounds.max > limit { (limit, UP_LIMIT) } else { (bounds.max, TOO_MANY) };
            if wanted > most {
                return (most, reason);
            }
        } else if wanted < bounds.current {
            let limit = self.limit(behavior.scale_down.as_ref(), bounds, false).min(bounds.current);
            let (least, reason) = if bounds.min < limit { (limit, DOWN_LIMIT) } else { (bounds.min, TOO_FEW) };
            if wanted < least {
                return (least, reason);
            }
        }
        (wanted, WITHIN)
    }

    /// The size that the policies allow at most (or at least) now.
    fn limit(&self, rules: Option<&HPAScalingRules>, bounds: &Bounds, up: bool) -> i32 {
        let Some(rules) = rules else { return if up { i32::MAX } else { i32::MIN } };
        let select = rules.select_policy.as_deref().unwrap_or("Max");
        if select == "Disabled" {
            return bounds.current;
        }
        let changed = |events: &[(i32, Time)], period_s: i32| {
            let period = Span::from_s(period_s.max(0) as u64);
            events.iter().filter(|(_, at)| bounds.now - *at < period).map(|(change, _)| *change).sum::<i32>()
        };
        let proposals = rules.policies.iter().map(|policy| {
            let start = bounds.current - changed(&self.ups, policy.period_seconds) + changed(&self.downs, policy.period_seconds);
            let share = f64::from(policy.value) / 100.0;
            match (policy.r#type.as_str(), up) {
                ("Pods", true) => start + policy.value,
                ("Pods", false) => start - policy.value,
                // Rounded up, or it might never grow.
                (_, true) => (f64::from(start) * (1.0 + share)).ceil() as i32,
                (_, false) => (f64::from(start) * (1.0 - share)) as i32,
            }
        });
        // The greatest change, or the least.
        let none = if up == (select == "Min") { i32::MAX } else { i32::MIN };
        if up == (select == "Min") { proposals.min().unwrap_or(none) } else { proposals.max().unwrap_or(none) }
    }
}
