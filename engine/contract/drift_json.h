// Drift and shapes as JSON: what reports and run folders hold (spec/report.md, spec/runs.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "contract/drift.h"

namespace millrace::contract {

nlohmann::ordered_json DriftToJson(const std::vector<Drift>& drifts);
nlohmann::ordered_json ShapeToJson(const Shape& shape);

/// Nothing when the text is no drift or shape of ours: a later version may have written it.
std::optional<std::vector<Drift>> DriftFromJson(const nlohmann::ordered_json& json);
std::optional<Shape> ShapeFromJson(const nlohmann::ordered_json& json);

}  // namespace millrace::contract
