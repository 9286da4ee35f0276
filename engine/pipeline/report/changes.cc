#include "pipeline/report/changes.h"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "base/quantity.h"
#include "pipeline/stored_json.h"

namespace millrace::pipeline {
namespace {

using Json = nlohmann::ordered_json;

// Shares that differ by less are the same for a reader.
constexpr double kShareNoticed = 0.001;

class Comparison {
 public:
  explicit Comparison(std::vector<Change>* changes) : changes_(changes) {}

  void Reports(const Json& before, const Json& after) {
    Whole("engine", "", MemberOf(before, "engine_version"), MemberOf(after, "engine_version"));
    Whole("config", "", MemberOf(before, "config_hash"), MemberOf(after, "config_hash"));
    Whole("model_contract", "", MemberOf(MemberOf(before, "model_contract"), "sha256"),
          MemberOf(MemberOf(after, "model_contract"), "sha256"));
    Tables(before, after, [&](const Json& a, const Json& b) {
      Whole("contract_version", "", MemberOf(a, "contract_version"),
            MemberOf(b, "contract_version"));
    });
    Whole("verdict", "", MemberOf(before, "verdict"), MemberOf(after, "verdict"));
    Tables(before, after, [&](const Json& a, const Json& b) { Rows(a, b); });
    Tables(before, after, [&](const Json& a, const Json& b) { Sources(a, b); });
    Tables(before, after, [&](const Json& a, const Json& b) { Rejects(a, b); });
    Tables(before, after, [&](const Json& a, const Json& b) { Columns(a, b); });
    Listed(
        ItemsOf(before, "stages"), ItemsOf(after, "stages"),
        [](const Json& stage) { return TextOf(stage, "stage"); },
        [&](const std::string& name, const Json& a, const Json& b) {
          table_ = "stage " + name;
          Rows(a, b);
          Rejects(a, b);
          Columns(a, b);
        });
    table_.clear();
    Shares(MemberOf(before, "model_contract"), MemberOf(after, "model_contract"));
    Requirements(MemberOf(before, "model_contract"), MemberOf(after, "model_contract"));
    Tables(before, after, [&](const Json& a, const Json& b) { Inputs(a, b); });
  }

 private:
  void Whole(const std::string& what, const std::string& name, const Json& before,
             const Json& after) {
    if (before != after) changes_->push_back({what, table_, name, before, after});
  }

  template <typename Compare>
  void Tables(const Json& before, const Json& after, Compare compare) {
    Listed(
        ItemsOf(before, "tables"), ItemsOf(after, "tables"),
        [](const Json& table) { return TextOf(table, "table"); },
        [&](const std::string& name, const Json& a, const Json& b) {
          table_ = name;
          compare(a, b);
        });
    table_.clear();
  }

  // Entries of two lists by a key: those of the later list in its order, then those that are gone.
  template <typename Key, typename Compare>
  static void Listed(const Json& before, const Json& after, Key key, Compare compare) {
    const Json nothing;
    std::map<std::string, const Json*> old;
    for (const Json& item : before) old.emplace(key(item), &item);
    for (const Json& item : after) {
      const auto found = old.find(key(item));
      compare(key(item), found == old.end() ? nothing : *found->second, item);
      if (found != old.end()) old.erase(found);
    }
    for (const auto& [name, item] : old) compare(name, *item, nothing);
  }

  void Rows(const Json& before, const Json& after) {
    for (const char* term : {"read", "written", "rejected", "not_drawn", "expanded"}) {
      Whole("rows", term, MemberOf(MemberOf(before, "rows"), term),
            MemberOf(MemberOf(after, "rows"), term));
    }
  }

  void Sources(const Json& before, const Json& after) {
    Listed(
        ItemsOf(before, "sources"), ItemsOf(after, "sources"),
        [](const Json& source) { return TextOf(source, "source"); },
        [&](const std::string& name, const Json& a, const Json& b) {
          Whole("source", name, MemberOf(MemberOf(a, "rows"), "written"),
                MemberOf(MemberOf(b, "rows"), "written"));
        });
  }

  void Rejects(const Json& before, const Json& after) {
    Listed(
        ItemsOf(before, "rejects"), ItemsOf(after, "rejects"),
        [](const Json& reject) {
          const std::string column = TextOf(reject, "column");
          return TextOf(reject, "rule") + (column.empty() ? "" : " of `" + column + "`") + " in " +
                 TextOf(reject, "source");
        },
        [&](const std::string& name, const Json& a, const Json& b) {
          Whole("reject", name, MemberOf(a, "rows"), MemberOf(b, "rows"));
        });
  }

  void Columns(const Json& before, const Json& after) {
    Listed(
        ItemsOf(before, "columns"), ItemsOf(after, "columns"),
        [](const Json& column) { return TextOf(column, "name"); },
        [&](const std::string& name, const Json& a, const Json& b) {
          if (a.is_null() || b.is_null()) {
            Whole("column", name, MemberOf(a, "type"), MemberOf(b, "type"));
            return;
          }
          Whole("type", name, MemberOf(a, "type"), MemberOf(b, "type"));
          Share("nulls", name, NumberOf(a, "nulls"), NumberOf(a, "rows"), NumberOf(b, "nulls"),
                NumberOf(b, "rows"));
        });
  }

  void Share(const std::string& what, const std::string& name, int64_t part_before,
             int64_t whole_before, int64_t part, int64_t whole) {
    const auto share = [](int64_t of, int64_t all) {
      return all == 0 ? 0.0 : static_cast<double>(of) / static_cast<double>(all);
    };
    const double a = share(part_before, whole_before), b = share(part, whole);
    if (std::fabs(a - b) >= kShareNoticed || (a == 0) != (b == 0)) {
      changes_->push_back({what, table_, name, a, b});
    }
  }

  void Shares(const Json& before, const Json& after) {
    Listed(
        ItemsOf(before, "compositions"), ItemsOf(after, "compositions"),
        [](const Json& c) { return TextOf(c, "table") + "\n" + TextOf(c, "column"); },
        [&](const std::string&, const Json& a, const Json& b) {
          if (a.is_null() || b.is_null()) return;
          table_ = TextOf(b, "table");
          const std::string column = TextOf(b, "column");
          Listed(
              ItemsOf(a, "values"), ItemsOf(b, "values"),
              [](const Json& value) { return TextOf(value, "value"); },
              [&](const std::string& value, const Json& x, const Json& y) {
                Share("share", column + " = " + value, NumberOf(x, "rows"), NumberOf(a, "rows"),
                      NumberOf(y, "rows"), NumberOf(b, "rows"));
              });
        });
    table_.clear();
  }

  void Requirements(const Json& before, const Json& after) {
    Listed(
        ItemsOf(before, "requirements"), ItemsOf(after, "requirements"),
        [](const Json& requirement) { return TextOf(requirement, "id"); },
        [&](const std::string& id, const Json& a, const Json& b) {
          Whole("requirement", id, MemberOf(a, "met"), MemberOf(b, "met"));
        });
  }

  void Inputs(const Json& before, const Json& after) {
    Listed(
        ItemsOf(before, "inputs"), ItemsOf(after, "inputs"),
        [](const Json& input) { return TextOf(input, "source") + "/" + TextOf(input, "path"); },
        [&](const std::string& path, const Json& a, const Json& b) {
          Whole("input", path, MemberOf(a, "sha256"), MemberOf(b, "sha256"));
        });
  }

  std::vector<Change>* changes_;
  std::string table_;
};

}  // namespace

std::vector<Change> ChangesBetween(const Json& before, const Json& after) {
  std::vector<Change> changes;
  Comparison(&changes).Reports(before, after);
  return changes;
}

Json ChangeJson(const Change& change) {
  Json json = {{"what", change.what}};
  if (!change.table.empty()) json["table"] = change.table;
  if (!change.name.empty()) json["name"] = change.name;
  json["before"] = change.before;
  json["after"] = change.after;
  return json;
}

std::string ChangeText(const Change& change) {
  static const auto* words =
      new std::map<std::string, std::string>{{"engine", "engine"},
                                             {"config", "config"},
                                             {"contract_version", "version of the contract"},
                                             {"model_contract", "model's contract"},
                                             {"verdict", "verdict"},
                                             {"rows", "rows "},
                                             {"source", "rows written from "},
                                             {"reject", "rejected: "},
                                             {"column", "column "},
                                             {"type", "type of "},
                                             {"nulls", "nulls of "},
                                             {"share", "share of "},
                                             {"requirement", "requirement "},
                                             {"input", "input "}};
  const auto found = words->find(change.what);
  std::string text = (found == words->end() ? change.what : found->second) + change.name;
  if (!change.table.empty()) text += " (" + change.table + ")";
  return text;
}

std::string SideText(const Change& change, const Json& side) {
  if (side.is_null()) return "–";
  if (side.is_boolean()) return side.get<bool>() ? "met" : "not met";
  if (side.is_number_float()) return fmt::format("{:.1f} %", side.get<double>() * 100);
  if (side.is_number_integer() && change.what != "contract_version") {
    return FormatCount(side.get<int64_t>());
  }
  if (side.is_string()) {
    const std::string text = side.get<std::string>();
    const bool hash =
        change.what == "config" || change.what == "model_contract" || change.what == "input";
    return hash ? text.substr(0, 12) : text;
  }
  return side.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace millrace::pipeline
