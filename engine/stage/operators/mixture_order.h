// From what a mixture asks for to the order in which its rows are drawn. Rows can be counted from
// the manifests of the inputs; bytes, tokens and images are measured: per split of an input a
// summary, committed in the stage, with what each row has. Of the summaries that are there nothing
// is read again.
#pragma once

#include "stage/operators/operator_run.h"

namespace millrace::stage {

/// Of what a mixture asks for; not of its inputs. Part of a run's identity.
std::string MixtureIdentity(const Mixture& mixture);

/// Whether rows must be measured.
bool NeedsAmounts(const Mixture& mixture);

/// Makes the order. REQUIRES: !NeedsAmounts.
Status OrderByRows(const std::vector<StageInput>& inputs, uint64_t seed, Mixture* mixture);

/// Measures, then makes the order. `mixture`: that of run.plan.
Status OrderByAmounts(const OperatorRun& run, Mixture* mixture);

}  // namespace millrace::stage
