#include "stage/ingest.h"

namespace millrace::stage {

InputAccess RealInput() { return {source::OpenFile, source::CheckUnchanged, contract::Bind}; }

}  // namespace millrace::stage
