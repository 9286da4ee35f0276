// The rows of one split that an instance drops, as decisions say it: behind a position, by cuts of
// buckets, or listed in a file. Each can be told to another process as JSON and opened there.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "op/chain.h"
#include "stage/operators/global_phase.h"
#include "stage/spill.h"

namespace millrace::stage {

/// Of a position or a hash: none is dropped because of it.
inline constexpr int64_t kNoPosition = std::numeric_limits<int64_t>::max();

/// A row that is dropped, and the row it repeats. Spilled as it stands.
struct RowDrop {
  int64_t split = 0, position = 0;
  int64_t first_split = 0;     // < 0: of no split (RowDropsPlan::name_outside)
  int64_t first_position = 0;  // there
  int64_t measured = -1;       // shown with the row; < 0: nothing
};

/// The same with the id of the row that it repeats, as bytes of the file of ids.
struct NamedEntry {
  int64_t split = 0, position = 0;
  int64_t id_offset = 0, id_bytes = 0;
  auto operator<=>(const NamedEntry&) const = default;
};

/// Those of a split in a file of RowDrop and, where their rejects say what they repeat, in one of
/// NamedEntry.
struct ListedDrops {
  std::shared_ptr<SpillFile> rows, names, ids;  // rows null: there are none
  int64_t begin = 0, count = 0;                 // in rows
  int64_t names_begin = 0;
};

/// All rows from a position on.
std::unique_ptr<SplitDrops> DropFrom(int64_t position);
/// Of each bucket the rows behind its cut.
std::unique_ptr<SplitDrops> DropByCuts(std::vector<op::QuotaCut> cuts);
Result<std::unique_ptr<SplitDrops>> DropListed(const ListedDrops& drops);
Result<std::unique_ptr<SpillReader>> ReadDrops(const ListedDrops& drops);

nlohmann::json ToldFrom(int64_t position);
nlohmann::json ToldCuts(const std::vector<op::QuotaCut>& cuts);
nlohmann::json ToldListed(const ListedDrops& drops);

/// What was decided of one split, from GlobalDecision::Told. The store is that of the workspace, in
/// which the driver keeps its lists, and must outlive it. Usage when the text says nothing.
Result<std::unique_ptr<GlobalDecision>> DecisionFromTold(const std::string& text, io::Store& store);

}  // namespace millrace::stage
