// Results of the engine as text for people. Pure: the same result gives the same text.
#pragma once

#include <string>
#include <vector>

#include "millrace/doctor.h"
#include "millrace/onboarding.h"
#include "millrace/operators.h"
#include "millrace/pipeline.h"

namespace millrace::cli {

/// The funnel: rows per source, reject reasons, what was written where.
std::string RenderRun(const RunResult& result);
/// "in 1.8 s, 5,900 rows/s".
std::string RenderPace(const RunResult& result);
/// Of the JSON that the engine gives (spec/plan.md and the headers in millrace/).
/// What was proposed, and where it was written.
std::string RenderProposal(const Proposal& proposal, const std::string& path);
std::string RenderPlan(const std::string& json);
/// A line per finding, and below those that are not well what to do.
std::string RenderDoctor(const DoctorReport& report);
std::string RenderPreview(const std::string& json);
std::string RenderTrace(const std::string& json);
std::string RenderCheck(const std::string& json);
std::string RenderInspect(const std::string& json);
std::string RenderStatus(const std::string& json);
std::string RenderApprovals(const std::string& json);
std::string RenderReleases(const std::string& json);
std::string RenderDiff(const std::string& json);
/// A line each; one with its parameters.
std::string RenderOperators(const std::vector<OperatorDescription>& descriptions);
std::string RenderOperator(const OperatorDescription& description);

}  // namespace millrace::cli
