#include "pipeline/report/previous_release.h"

#include "export/release_json.h"
#include "pipeline/stored_json.h"

namespace millrace::pipeline {

using Json = nlohmann::ordered_json;

Result<std::optional<ReportExport::Previous>> ChangesSincePrevious(
    io::Store& target, const exporting::Release& release, const Json& now) {
  if (release.previous.empty()) return std::nullopt;
  ReportExport::Previous previous;
  previous.release_id = release.previous;
  const std::string key = exporting::CardKey(release.previous, exporting::kCardJsonName);
  ARROW_ASSIGN_OR_RAISE(const Json before, ReadStoredJson(target, key));
  if (before.is_null()) return previous;
  previous.has_card = true;
  previous.changes = ChangesBetween(before, now);
  if (previous.changes.size() > kChangesMax) {
    previous.more_changes = previous.changes.size() - kChangesMax;
    previous.changes.resize(kChangesMax);
  }
  return previous;
}

Status PutCard(io::Store& target, const std::string& release_id, const std::string& html,
               const std::string& json) {
  ARROW_RETURN_NOT_OK(
      target.Replace(exporting::CardKey(release_id, exporting::kCardHtmlName), html));
  return target.Replace(exporting::CardKey(release_id, exporting::kCardJsonName), json);
}

}  // namespace millrace::pipeline
