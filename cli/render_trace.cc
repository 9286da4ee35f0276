// What `trace` shows.
#include <nlohmann/json.hpp>

#include "cli/render.h"
#include "cli/terminal.h"

namespace millrace::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kTextShown = 100;

std::string Shown(const Json& value) {
  if (value.is_null()) return "null";
  std::string text = SafeText(value.is_string() ? value.get<std::string>() : value.dump(), false);
  if (text.size() <= kTextShown) return text;
  size_t end = kTextShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return text.substr(0, end) + "…";
}

std::string RejectText(const Json& reject) {
  std::string out = Shown(reject.at("rule"));
  if (reject.contains("value")) out += "  " + Shown(reject.at("value"));
  if (reject.contains("threshold")) out += "  against  " + Shown(reject.at("threshold"));
  return out + "\n        " + Shown(reject.at("message")) + "\n";
}

std::string Step(const Json& step) {
  const std::string decision = step.at("decision");
  std::string out = "    " + Shown(step.at("operator")) + " (" + Shown(step.at("type")) + "): ";
  out += decision == "dropped" ? Styled(Style::kRed, decision) : decision;
  if (step.contains("made")) out += " by " + step.at("made").dump();
  out += "\n";
  if (step.contains("reject") && step.at("reject").is_object()) {
    out += "      " + RejectText(step.at("reject"));
  }
  const Json changes = step.value("changes", Json::object());
  for (const auto& [column, change] : changes.items()) {
    out += "      " + Shown(column) + ": ";
    if (change.contains("removed")) {
      out += "removed\n";
    } else if (change.at("before").is_null()) {
      out += Shown(change.at("after")) + "\n";
    } else {
      out += Shown(change.at("before")) + "  ->  " + Shown(change.at("after")) + "\n";
    }
  }
  return out;
}

std::string Record(const Json& record) {
  std::string out = "  record: ";
  if (record.at("state") == "gone") return out + "not in its source any more\n";
  if (record.at("state") == "unknown") return out + "its id came with the data\n";
  if (record.contains("row_group")) {
    out += "row " + record.at("row").dump() + " of row group " + record.at("row_group").dump();
  } else if (record.contains("byte_offset")) {
    out += record.at("byte_length").dump() + " bytes from byte " + record.at("byte_offset").dump();
  } else {
    out += "in its file";
  }
  if (record.at("state") == "changed") out += " (the file is another one since the run)";
  out += "\n";
  if (record.contains("bytes")) out += "    " + Shown(record.at("bytes")) + "\n";
  return out;
}

std::string Ingest(const Json& ingest) {
  std::string out = "  ingest: ";
  if (ingest.at("decision") != "written") {
    return out + Styled(Style::kRed, "rejected") + "\n    " + RejectText(ingest.at("reject"));
  }
  out += "written\n";
  for (const auto& [column, value] : ingest.at("values").items()) {
    out += "    " + Shown(column) + ": " + Shown(value) + "\n";
  }
  return out;
}

std::string Row(const Json& row) {
  std::string out = Styled(Style::kBold, Shown(row.at("row_id"))) + "  of " +
                    Shown(row.at("file")) + "\n" + Record(row.at("record")) +
                    Ingest(row.at("ingest"));
  for (const Json& stage : row.at("stages")) {
    out += "  stage " + Shown(stage.at("stage")) + ":";
    if (stage.at("row_id") != row.at("row_id")) out += " " + Shown(stage.at("row_id"));
    if (stage.contains("decision")) out += " " + Shown(stage.at("decision"));
    out += "\n";
    for (const Json& step : stage.value("operators", Json::array())) out += Step(step);
  }
  const Json published = row.value("published", Json::array());
  if (published.empty()) return out + "  published: nowhere\n";
  for (const Json& end : published) {
    for (const Json& e : end.at("exports")) {
      out +=
          "  published: " + Shown(e.at("name")) + ", release " + Shown(e.at("release_id")) + "\n";
    }
    for (const Json& shard : end.at("shards")) {
      out += "    row " + shard.at("row").dump() + " of " + Shown(shard.at("file")) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string RenderTrace(const std::string& json) {
  const Json trace = Json::parse(json);
  std::string out;
  for (const Json& row : trace.at("rows")) out += (out.empty() ? "" : "\n") + Row(row);
  return out;
}

}  // namespace millrace::cli
