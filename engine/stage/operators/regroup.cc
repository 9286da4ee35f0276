#include "stage/operators/regroup.h"

#include <cstdio>
#include <limits>

#include "base/sha256.h"
#include "stage/file_json.h"
#include "stage/identity.h"
#include "stage/operators/operator_splits.h"
#include "stage/operators/split_rows.h"
#include "stage/ordered_queue.h"
#include "stage/shard_sequence.h"

namespace millrace::stage {
namespace {

class Joining {
 public:
  Joining(const OperatorRun& run, const Joined& joined) : run_(run), joined_(joined) {}

  Result<CommitRecord> Make(const std::atomic<bool>& stop) const {
    CommitRecord record;
    record.split_name = joined_.name;
    ShardSequenceOptions options = ShardOptions(run_, record.split_name);
    options.rows_per_shard = std::numeric_limits<int64_t>::max();
    options.bytes_per_shard = 0;
    ShardSequence shards(run_.place, &run_.pool, std::move(options));
    for (const ShardPiece& piece : joined_.pieces) {
      ARROW_RETURN_NOT_OK(Copy(piece, stop, &shards, &record.rows.read));
    }
    if (record.rows.read == 0) ARROW_RETURN_NOT_OK(shards.AddEmpty());
    ARROW_ASSIGN_OR_RAISE(ShardSequence::Finished finished, shards.Finish());
    record.shards = std::move(finished.shards);
    record.profile = std::move(finished.profile);
    for (const Shard& shard : record.shards) {
      ARROW_ASSIGN_OR_RAISE(const int64_t stored,
                            StoredRows(run_.place.store(), run_.place.Key(shard.data.path)));
      record.rows.written += stored;
    }
    if (record.rows.holds() && record.shards.size() == 1) return record;
    return MakeError(ErrorCode::kRowEquation,
                     "shard " + record.split_name + ": " + std::to_string(record.rows.read) +
                         " rows read, " + std::to_string(record.rows.written) + " written");
  }

 private:
  Status Copy(const ShardPiece& piece, const std::atomic<bool>& stop, ShardSequence* shards,
              int64_t* position) const {
    ShardRange rows(run_, joined_.from, piece.shard, piece.shard + 1, piece.first_row, run_.schema,
                    run_.schema->field_names());
    for (int64_t left = piece.rows; left > 0;) {
      if (run_.cancelled() || stop) return Status::Cancelled("cancelled; running again resumes");
      ARROW_ASSIGN_OR_RAISE(auto batch, rows.Next());
      MILLRACE_CHECK(batch != nullptr);
      if (batch->num_rows() > left) batch = batch->Slice(0, left);
      const int64_t base = *position;
      ARROW_RETURN_NOT_OK(shards->Add(batch, [base](int64_t row) { return base + row; }));
      *position += batch->num_rows();
      left -= batch->num_rows();
    }
    return Status::OK();
  }

  const OperatorRun& run_;
  const Joined& joined_;
};

class Regrouping {
 public:
  Regrouping(const OperatorRun& run, const std::vector<CommitRecord>& records) : run_(run) {
    there_.name = run.plan.stage;
    there_.folder = run.place.folder();
    there_.fresh = run.context.fresh_rows;
    for (const CommitRecord& record : records) {
      for (size_t i = 0; i < record.shards.size(); ++i) {
        const Shard& shard = record.shards[i];
        places_.push_back({&record, i});
        there_.shards.push_back(shard.data);
        sizes_.push_back({shard.data.rows, shard.logical_bytes});
      }
    }
  }

  Result<Regrouped> Run() {
    const OperatorPlan& plan = run_.plan;
    Regrouped result;
    if (plan.bytes_per_shard == 0 && plan.shards_multiple_of == 0) {
      result.shards = places_;
      return result;
    }
    groups_ =
        GroupShards(sizes_, {plan.rows_per_shard, plan.bytes_per_shard, plan.shards_multiple_of});
    std::vector<size_t> wanted;
    for (size_t i = 0; i < groups_.size(); ++i) {
      if (!IsThere(groups_[i])) wanted.push_back(i);
    }
    if (Progress* progress = run_.context.progress) {
      progress->splits_total += static_cast<int64_t>(wanted.size());
    }
    result.made.resize(wanted.size());
    size_t failed = 0;
    ARROW_RETURN_NOT_OK(RunInOrder(
        wanted.size(), run_.AtOnce(run_.active_splits),
        [&](size_t i, const std::atomic<bool>& stop) {
          return RunOne(wanted[i], stop).Value(&result.made[i]);
        },
        &failed));
    auto made = result.made.begin();
    for (const ShardGroup& group : groups_) {
      if (IsThere(group)) {
        result.shards.push_back(places_[group.front().shard]);
      } else {
        result.shards.push_back({&*made++, 0});
      }
    }
    return result;
  }

 private:
  bool IsThere(const ShardGroup& group) const {
    return group.size() == 1 && group.front().rows == sizes_[group.front().shard].rows;
  }

  std::string NameOf(size_t index) const {
    if (run_.plan.shards_multiple_of > 0) {
      char name[32];
      std::snprintf(name, sizeof name, "even-%05zu", index);
      return name;
    }
    Sha256 place;
    for (const ShardPiece& piece : groups_[index]) {
      place.UpdateField(ShardPlaceName(there_.shards[piece.shard].path));
    }
    return NamedPlace("joined", place);
  }

  Result<CommitRecord> RunOne(size_t index, const std::atomic<bool>& stop) const {
    Joined joined;
    joined.name = NameOf(index);
    joined.from = there_;
    joined.from.shards.clear();
    for (const ShardPiece& piece : groups_[index]) {
      joined.from.shards.push_back(there_.shards[piece.shard]);
      joined.pieces.push_back(piece);
      joined.pieces.back().shard = joined.from.shards.size() - 1;
    }
    UnitOfWork unit = JoinUnit(run_, joined, stop);
    unit.call = [&] {
      UnitCall call;
      call.kind = UnitKind::kJoin;
      call.index = index;
      call.name = joined.name;
      call.detail = JoinedToJson(joined);
      return call;
    };
    ARROW_ASSIGN_OR_RAISE(OperatorSplitResult result, CommittedUnit(run_, unit, stop));
    ReportUnit(run_, result.record, result.skipped);
    return std::move(result.record);
  }

  const OperatorRun& run_;
  StageInput there_;
  std::vector<ShardPlace> places_;
  std::vector<ShardSize> sizes_;
  std::vector<ShardGroup> groups_;
};

}  // namespace

UnitOfWork JoinUnit(const OperatorRun& run, const Joined& joined, const std::atomic<bool>& stop) {
  Sha256 hash;
  hash.UpdateField(run.stage_key);
  hash.UpdateField(joined.name);
  for (const ShardPiece& piece : joined.pieces) {
    hash.UpdateField(joined.from.shards[piece.shard].sha256);
    hash.UpdateField(std::to_string(piece.first_row));
    hash.UpdateField(std::to_string(piece.rows));
  }
  UnitOfWork unit;
  unit.id = FinishIdentity(hash);
  unit.make = [&run, &joined, &stop] { return Joining(run, joined).Make(stop); };
  return unit;
}

std::string JoinedToJson(const Joined& joined) {
  Json pieces = Json::array();
  for (const ShardPiece& piece : joined.pieces) {
    pieces.push_back({{"shard", ToJson(joined.from.shards[piece.shard])},
                      {"first_row", piece.first_row},
                      {"rows", piece.rows}});
  }
  return Json{{"name", joined.name}, {"pieces", std::move(pieces)}}.dump();
}

Result<Joined> JoinedFromJson(const OperatorRun& run, const std::string& text) {
  try {
    const Json json = Json::parse(text);
    Joined joined;
    json.at("name").get_to(joined.name);
    joined.from.name = run.plan.stage;
    joined.from.folder = run.place.folder();
    for (const Json& item : json.at("pieces")) {
      FromJson(item.at("shard"), &joined.from.shards.emplace_back());
      ShardPiece& piece = joined.pieces.emplace_back();
      piece.shard = joined.from.shards.size() - 1;
      item.at("first_row").get_to(piece.first_row);
      item.at("rows").get_to(piece.rows);
    }
    return joined;
  } catch (const Json::exception& error) {
    return MakeError(ErrorCode::kUsage, std::string("not shards to join: ") + error.what());
  }
}

Result<Regrouped> Regroup(const OperatorRun& run, const std::vector<CommitRecord>& records) {
  return Regrouping(run, records).Run();
}

}  // namespace millrace::stage
