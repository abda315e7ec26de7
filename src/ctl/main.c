/* rauc-ocpp-ctl: status and monitor over the agent D-Bus interface. */
int main(void)
{
        return 1;
}
