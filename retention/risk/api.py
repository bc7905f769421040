"""Risk assessments and hierarchies over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.response import Response

from catalog.models import EXTERNAL, DataSet
from governance.console.api_http import StaffApiRequest
from retention.risk import assessing, importing
from retention.risk.distances import Distance
from retention.risk.filters import AssessmentFilter, HierarchyFilter
from retention.risk.lattice import Metric
from retention.risk.models import Assessment, Hierarchy


class AssessmentSerializer(serializers.ModelSerializer):
    data_set_name = serializers.CharField(source="data_set", read_only=True)
    verdict = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)

    class Meta:
        model = Assessment
        fields = [
            "id",
            "data_set",
            "data_set_name",
            "verdict",
            "state",
            "problem",
            "quasi",
            "sensitive",
            "k",
            "l",
            "t",
            "distance",
            "suppression",
            "metric",
            "hierarchies",
            "rows",
            "found_k",
            "uniques",
            "met",
            "job",
            "made_at",
            "finished_at",
        ]


class AssessmentDetailSerializer(AssessmentSerializer):
    class Meta(AssessmentSerializer.Meta):
        fields = [*AssessmentSerializer.Meta.fields, "measures", "suggestion"]


class AssessSerializer(serializers.Serializer):
    data_set = serializers.PrimaryKeyRelatedField(
        queryset=DataSet.objects.filter(gone_at=None).exclude(system__kind=EXTERNAL)
    )
    quasi = serializers.ListField(child=serializers.CharField(max_length=400), allow_empty=False)
    sensitive = serializers.CharField(max_length=400, default="", allow_blank=True)
    k = serializers.IntegerField(min_value=1, max_value=2**31 - 1, default=None, allow_null=True)
    l = serializers.IntegerField(min_value=1, max_value=2**31 - 1, default=None, allow_null=True)  # noqa: E741
    t = serializers.FloatField(min_value=0, max_value=1, default=None, allow_null=True)
    distance = serializers.ChoiceField(
        choices=[each.value for each in Distance], default=Distance.EQUAL.value
    )
    suppression = serializers.FloatField(min_value=0, max_value=1, default=0.0)
    metric = serializers.ChoiceField(choices=[each.value for each in Metric], default=Metric.LOSS.value)
    hierarchies = serializers.DictField(
        child=serializers.CharField(max_length=200),
        default=dict,
        help_text="By column: the name of a hierarchy, or a rule such as bands:5,10,20.",
    )


class AssessmentViewSet(viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "anonymization.view"),
        "create": "risk.measure",
    }
    queryset = Assessment.objects.select_related("data_set__system")
    filterset_class = AssessmentFilter

    def get_serializer_class(self) -> type[AssessmentSerializer]:
        return AssessmentDetailSerializer if self.action == "retrieve" else AssessmentSerializer

    @extend_schema(request=AssessSerializer, responses={201: AssessmentSerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Measure a data set, as a job; the assessment has the figures when its state is done."""
        asked = AssessSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = assessing.assess(
            asked.validated_data.pop("data_set"), **asked.validated_data, made_by=request.user
        )
        return Response(AssessmentSerializer(made).data, status=status.HTTP_201_CREATED)


class HierarchySerializer(serializers.ModelSerializer):
    class Meta:
        model = Hierarchy
        fields = ["id", "name", "values", "height", "imported_at"]


class ImportHierarchySerializer(serializers.Serializer):
    name = serializers.CharField(max_length=80)
    text = serializers.CharField(trim_whitespace=False, help_text="CSV without header: value;group;*")


class HierarchyViewSet(mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet):
    permissions = {
        **dict.fromkeys(("list", "retrieve"), "anonymization.view"),
        **dict.fromkeys(("create", "destroy"), "risk.measure"),
    }
    queryset = Hierarchy.objects.defer("text")
    serializer_class = HierarchySerializer
    filterset_class = HierarchyFilter

    @extend_schema(request=ImportHierarchySerializer, responses={201: HierarchySerializer})
    def create(self, request: StaffApiRequest) -> Response:
        """Import a hierarchy in ARX' format."""
        asked = ImportHierarchySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = importing.import_hierarchy(**asked.validated_data, owner=request.user)
        return Response(HierarchySerializer(made).data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, instance: Hierarchy) -> None:
        importing.remove(instance)
