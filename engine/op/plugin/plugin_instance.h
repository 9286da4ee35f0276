// An operator of a plug-in, or of the program around the engine, bound: what it said it reads and
// gives, held against what its kind may, and the call into it. Internal to this folder.
//
// Thread-safety: immutable after Bind; any thread may call.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "millrace/plugin.h"
#include "op/operator.h"
#include "op/request.h"
#include "op/resources.h"

namespace millrace::op {

/// The parameter that says which operator it is.
const ConfigValue& NameOf(const Request& request);

/// Name and value, one for each option of the operator.
using PluginOptions = std::vector<std::pair<std::string, std::string>>;

class PluginInstance {
 public:
  struct Given {
    arrow::ArrayVector columns;  // one per field of gives()
    RowFailures failures;
  };

  /// Null, reported, when the plug-in refuses or says what its kind may not.
  /// REQUIRES: the request's columns are known.
  static std::shared_ptr<const PluginInstance> Bind(const Request& request,
                                                    std::shared_ptr<const PluginLibrary> library,
                                                    const millrace_operator& op,
                                                    const PluginOptions& options);
  ~PluginInstance();
  PluginInstance(const PluginInstance&) = delete;
  PluginInstance& operator=(const PluginInstance&) = delete;

  const millrace_operator& op() const { return op_; }
  const std::string& sha256() const {
    return library_->host == nullptr ? library_->sha256 : library_->host->sha256();
  }
  /// See Operator::batch_rows.
  int64_t batch_rows() const {
    return library_->host == nullptr ? 0 : library_->host->batch_rows();
  }
  /// What it is, beside the bytes of its library.
  std::string Identity() const;
  const std::vector<std::string>& reads() const { return reads_; }
  bool reads_sensitive() const { return sensitive_; }
  /// As the plug-in names them; types are those of columns, all nullable.
  const arrow::FieldVector& gives() const { return gives_; }
  bool makes_rows() const { return makes_rows_; }
  const std::vector<Reason>& reasons() const { return reasons_; }

  /// Errors: BadValue, with the id of the instance; of a program's operator also its own.
  Result<Given> Apply(const arrow::RecordBatch& rows) const;
  Status Broken(const std::string& what) const;

 private:
  PluginInstance(std::string id, std::shared_ptr<const PluginLibrary> library,
                 const millrace_operator& op)
      : id_(std::move(id)), library_(std::move(library)), op_(op) {}
  /// At most batch_rows(), and at least one.
  Result<Given> ApplyPiece(const std::shared_ptr<arrow::RecordBatch>& rows) const;
  Status Call(const std::shared_ptr<arrow::RecordBatch>& rows, millrace_result* result) const;
  // Each gives what is wrong, or "".
  std::string Take(const millrace_instance& said, const arrow::Schema& columns);
  std::string TakeReasons(const millrace_instance& said);
  std::string TakeGives(millrace_instance* said);
  Result<RowFailures> Failures(ArrowArray* array, int64_t rows) const;

  std::string id_;
  std::shared_ptr<const PluginLibrary> library_;
  const millrace_operator& op_;
  void* state_ = nullptr;
  std::vector<std::string> reads_;
  std::vector<Reason> reasons_;
  arrow::FieldVector gives_;
  std::shared_ptr<arrow::DataType> given_type_;  // a struct of them
  bool sensitive_ = false, makes_rows_ = false;
};

}  // namespace millrace::op
