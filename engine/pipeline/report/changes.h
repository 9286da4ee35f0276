// What differs between two reports (report.json): of a release and the one before it on the card,
// and of any two runs for `diff`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace millrace::pipeline {

/// `what` is one of: engine, config, model_contract, contract_version, verdict, rows, source,
/// reject, column, type, nulls, share, requirement, input. `before` or `after` is null where it was
/// not there. Shares of rows are numbers from 0 to 1.
struct Change {
  std::string what, table, name;
  nlohmann::ordered_json before, after;
};

/// In the order of the list above, then of the later report. Values of sensitive columns are in
/// neither report.
std::vector<Change> ChangesBetween(const nlohmann::ordered_json& before,
                                   const nlohmann::ordered_json& after);

/// At most this many are shown or stored of one pair of reports.
inline constexpr size_t kChangesMax = 200;

nlohmann::ordered_json ChangeJson(const Change& change);
/// "rows written", "nulls of `text`": what changed, in words.
std::string ChangeText(const Change& change);
/// A side of a change in words: "1,200", "12 %", "–" where it was not there.
std::string SideText(const Change& change, const nlohmann::ordered_json& side);

}  // namespace millrace::pipeline
