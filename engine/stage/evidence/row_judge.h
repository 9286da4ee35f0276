// One requirement's check, row by row: which rows of a batch break it.
// Thread-safety: immutable; shared between threads.
#pragma once

#include <arrow/record_batch.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "contract/model/model_contract.h"

namespace millrace::stage {

class RowJudge {
 public:
  /// `table` settles which columns a check means that names none, and whether it can be judged at
  /// all. Both must outlive the judge.
  RowJudge(const contract::Requirement& requirement, const contract::Contract& table);

  /// Why no row can be judged ("the table has no column `x`"); "" where they can.
  const std::string& obstacle() const { return obstacle_; }
  /// The columns a batch must have.
  const std::vector<std::string>& columns() const { return columns_; }
  /// One entry per row: not 0 where it breaks the check; of personal data the kinds found.
  /// REQUIRES: no obstacle, and a check that looks at rows one by one (not DuplicatesCheck).
  std::vector<uint32_t> Judge(const arrow::RecordBatch& rows) const;

 private:
  void FindColumns(const contract::Contract& table);
  void JudgeNulls(const arrow::RecordBatch& rows, std::vector<uint32_t>* breaks) const;
  void JudgeLength(const contract::LengthCheck& check, const arrow::RecordBatch& rows,
                   std::vector<uint32_t>* breaks) const;
  void JudgeValues(const contract::ValuesCheck& check, const arrow::RecordBatch& rows,
                   std::vector<uint32_t>* breaks) const;
  void JudgePii(const contract::PiiCheck& check, const arrow::RecordBatch& rows,
                std::vector<uint32_t>* breaks) const;

  const contract::Requirement& requirement_;
  std::vector<std::string> columns_;
  std::set<std::string, std::less<>> allowed_;
  std::string obstacle_;
};

}  // namespace millrace::stage
