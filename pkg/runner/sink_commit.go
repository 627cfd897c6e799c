package runner

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commitSync commits and gives the first error of the request or a partition.
func commitSync(ctx context.Context, cl *kgo.Client, topic string, to map[int32]kgo.EpochOffset) error {
	var first error
	cl.CommitOffsetsSync(ctx, map[string]map[int32]kgo.EpochOffset{topic: to},
		func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
			if first = err; err != nil {
				return
			}
			for _, t := range resp.Topics {
				for _, p := range t.Partitions {
					if err := kerr.ErrorForCode(p.ErrorCode); err != nil && first == nil {
						first = fmt.Errorf("partition %d: %w", p.Partition, err)
					}
				}
			}
		})
	return first
}
